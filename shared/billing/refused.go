package billing

import (
	"context"

	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// credentialsRefused is why a studio's charges are paused whose provider no longer tells what was taken.
const credentialsRefused = "the provider refuses the API name or password when it is asked what was charged"

const (
	// sqlPauseRefused stops a studio, unless its gateway has other credentials by now. The password is asked for by the list alone
	// (docs/providers/cardcom.md): charges would go on, and nobody could prove them or settle an unknown one. A deleted studio charges
	// nothing, and nobody would connect its gateway again, which alone ends the case.
	sqlPauseRefused = `
with g as (
  update gateways set state = 'misconfigured', problem = $3 where org_id = app.org() and id = $1 and creds_ct = $2 and state = 'active'
    and exists (select from orgs o where o.id = app.org() and o.status <> 'deleted') returning org_id
)
update orgs set charges_paused_at = coalesce(charges_paused_at, app.business_now()), charges_paused_why = $3 from g where id = g.org_id`
	sqlPauseRefusedCase = `
insert into money_cases (org_id, kind, detail) select o.id, 'charges_paused', $1 from orgs o
where o.id = app.org() and o.charges_paused_at is not null and o.status <> 'deleted'
  and not exists (select from money_cases k where k.org_id = o.id and k.kind = 'charges_paused' and k.state = 'open')`
)

// pauseRefused marks a gateway whose credentials were refused as misconfigured, pauses its studio and asks a person, once.
func (s *Collector) pauseRefused(ctx context.Context, c tenancy.Caller, g gateway) error {
	b := &postgres.Batch{}
	b.Queue(sqlPauseRefused, g.ID, g.SealedCreds, credentialsRefused)
	b.Queue(sqlPauseRefusedCase, credentialsRefused)
	_, err := s.db.WriteInOrg(ctx, c, b)
	return err
}
