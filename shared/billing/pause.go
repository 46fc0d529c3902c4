package billing

import (
	"context"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

const (
	// sqlEndPause puts off, by the days of the pause, the dunning that stood still in it, and what ages after its ladder's end; and
	// closes the person's case.
	sqlEndPause = `
with was as (
  select charges_paused_at as at, tz from orgs where id = app.org() and charges_paused_at is not null
), k as (
  update money_cases set state = 'closed', closed_at = now() where org_id = app.org() and kind = 'charges_paused' and state = 'open'
)
update dunning_cases d set days_still = d.days_still + x.days, next_at = app.days_later(d.next_at, x.days, x.tz)
from (select k.id, w.tz, (app.business_now() at time zone w.tz)::date - (greatest(w.at, k.opened_at) at time zone w.tz)::date as days
  from dunning_cases k, was w where k.org_id = app.org() and (k.state in ('open', 'waiting_method')
    or k.state = 'lost' and exists (select from charges c where c.org_id = k.org_id and c.id = k.charge_id and c.state = 'failed')
      and not exists (select from dunning_cases l where l.org_id = k.org_id and l.member_id = k.member_id and l.charge_id = k.charge_id and l.id > k.id))) x
where d.org_id = app.org() and d.id = x.id and x.days > 0`
	// sqlPutOff leaves charges to the next day on which the studio charges, when today is none; their ladder begins then.
	sqlPutOff = `
insert into dunning_cases (org_id, id, charge_id, member_id, next_at, reason, opened_at)
select c.org_id, app.uuidv7(), c.id, c.member_id, r.at, 'rest_day', r.at
from (select app.off_rest_day(app.business_now(), o.tz, o.charge_on_rest_days) as at from orgs o where o.id = app.org()) r, charges c
where c.org_id = app.org() and c.id = any($1::uuid[]) and r.at > app.business_now()
on conflict (org_id, charge_id) where state in ('open', 'waiting_method') do update set next_at = excluded.next_at`
)

// putOff says whether the charges wait for a later day.
func putOff(ctx context.Context, tx postgres.Tx, due []id.Charge) (bool, error) {
	ids := make([]string, len(due))
	for i, charge := range due {
		ids[i] = charge.String()
	}
	n, err := tx.Exec(ctx, sqlPutOff, ids)
	return err == nil && n > 0, err
}
