package billing

import (
	"context"
	"strings"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/name"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// ErrVoidReason asks for a reason that can be kept.
var ErrVoidReason = fail.New(fail.Invalid, "billing.void_reason", "Say in a few words, without control characters, why the charge is void; it stays in the studio's record.",
	"כתבו בכמה מילים וללא תווי בקרה מדוע החיוב מבוטל; הסיבה נשמרת ברישומי הסטודיו.").WithFields(fail.Field{Location: "body.reason", Message: "must be plain text"})

const (
	sqlChargeForDecision = `
select c.state, exists (select from payment_attempts a where a.org_id = c.org_id and a.charge_id = c.id
    and a.state in ('claimed', 'sent', 'unknown', 'approved')), c.due_at <= app.business_now()
from charges c where c.org_id = app.org() and c.id = $1 for update of c`
	// sqlVoidCharge: with the debt goes its dunning, and what the debt had barred the member from unless another bars it (R49).
	sqlVoidCharge = `
with c as (
  update charges set state = 'void', void_reason = $2 where org_id = app.org() and id = $1 returning id, member_id, amount
), d as (
  update dunning_cases d set state = 'lost', reason = 'charge_void', closed_at = app.business_now(), next_at = null from c
  where d.org_id = app.org() and d.charge_id = c.id and d.state in ('open', 'waiting_method')
), acc as (
  update members mb set access_level = 'full' from c
  where mb.org_id = app.org() and mb.id = c.member_id and mb.access_level <> 'full'
    and not exists (select from charges o where o.org_id = app.org() and o.member_id = c.member_id and o.id <> c.id and o.state = 'failed')
    and not exists (select from dunning_cases o where o.org_id = app.org() and o.member_id = c.member_id and o.charge_id <> c.id
      and o.state in ('open', 'waiting_method'))
), ev as (
  insert into member_events (org_id, member_id, at, kind, data)
  select app.org(), c.member_id, app.business_now(), 'charge.void', jsonb_build_object('charge_id', c.id, 'amount_agorot', c.amount) from c
)
insert into audit_log (org_id, action, object_kind, object_id, reason, data)
select app.org(), 'charge.void', 'charge', c.id, $2, jsonb_build_object('amount_agorot', c.amount) from c`
)

// VoidCharge takes a charge back that nobody has paid and that no attempt may still collect.
// Errors: ErrChargeNotFound, ErrChargeInFlight, ErrChargeSettled, ErrVoidReason.
func (s *Store) VoidCharge(ctx context.Context, c tenancy.Caller, charge id.Charge, reason string) (v Charge, err error) {
	if reason, err = name.Clean(strings.TrimSpace(reason)); err != nil {
		return v, ErrVoidReason
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if _, err := undecided(ctx, tx, charge); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlVoidCharge, charge, reason); err != nil {
			return err
		}
		v, err = readCharge(ctx, tx, charge)
		return err
	})
	return v, fail.Wrap(err, "void charge %s", charge)
}

// undecided locks a charge that is neither settled nor under way; whatever may have been sent counts as under way.
func undecided(ctx context.Context, tx postgres.Tx, charge id.Charge) (isDue bool, err error) {
	var state string
	var live bool
	err = tx.QueryRow(ctx, sqlChargeForDecision, charge).Scan(&state, &live, &isDue)
	switch {
	case postgres.NoRows(err):
		return false, ErrChargeNotFound
	case err != nil:
		return false, err
	case state == "paid" || state == "void" || state == "written_off":
		return false, ErrChargeSettled
	case live || state == "in_flight":
		return false, ErrChargeInFlight
	}
	return isDue, nil
}
