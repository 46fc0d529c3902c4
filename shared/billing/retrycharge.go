package billing

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// What a retry can be refused for, besides what the charge itself says.
var (
	ErrCardTriedTooOften = fail.New(fail.Conflict, "billing.card_tried_too_often", "This card was tried too often of late. Wait a few days, or ask the member to save another card.",
		"הכרטיס נוסה פעמים רבות מדי לאחרונה. המתינו כמה ימים או בקשו מהמתאמן לשמור כרטיס אחר.")
	ErrChargeNotDue = fail.New(fail.Conflict, "billing.charge_not_due", "This charge is not due yet; it is collected on its day.",
		"מועד החיוב טרם הגיע; הוא ייגבה ביומו.")
)

const (
	// sqlMayTry reads what would keep the charge's next attempt from being claimed; sqlClaim decides again.
	sqlMayTry = `
select pm.id is not null, coalesce(g.state, '') = 'active' and o.charges_paused_at is null,
  (select count(*) from payment_attempts a where a.org_id = app.org() and a.payment_method_id = pm.id
    and a.state = 'declined' and a.business_at > app.business_now() - interval '7 days') >= $2
  or (select count(*) from payment_attempts a where a.org_id = app.org() and a.payment_method_id = pm.id
    and a.state = 'declined' and a.business_at > app.business_now() - interval '30 days') >= $3
from charges c join orgs o on o.id = c.org_id
left join payment_methods pm on pm.org_id = c.org_id and pm.member_id = c.member_id and pm.is_default
left join gateways g on g.org_id = pm.org_id and g.id = pm.gateway_id
where c.org_id = app.org() and c.id = $1`
	sqlRetry = `
with c as (
  update charges set state = 'due' where org_id = app.org() and id = $1 returning id, member_id
)
insert into member_events (org_id, member_id, at, kind, data)
select app.org(), c.member_id, app.business_now(), 'charge.retried', jsonb_build_object('charge_id', c.id) from c`
)

// RetryCharge asks for a charge to be collected now. A failed charge is due again first; the answer sets the date of an
// open dunning case, so the try takes the place of the rung that was ahead (R45: six tries in all).
// Errors: ErrChargeNotFound, ErrChargeInFlight, ErrChargeSettled, ErrChargeNotDue, ErrNoMethod, ErrNoGateway, ErrCardTriedTooOften.
func (s *Store) RetryCharge(ctx context.Context, c tenancy.Caller, charge id.Charge) error {
	err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		isDue, err := undecided(ctx, tx, charge)
		if err != nil {
			return err
		}
		if !isDue {
			return ErrChargeNotDue
		}
		if err := mayTry(ctx, tx, charge); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRetry, charge); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlReopen, []string{charge.String()}); err != nil {
			return err
		}
		return enqueueExecute(ctx, tx, charge, "manual:"+id.New[id.Event]().String())
	})
	return fail.Wrap(err, "retry charge %s", charge)
}

func mayTry(ctx context.Context, tx postgres.Tx, charge id.Charge) error {
	var hasMethod, open, hot bool
	err := tx.QueryRow(ctx, sqlMayTry, charge, maxTriesWeek, maxTriesMonth).Scan(&hasMethod, &open, &hot)
	switch {
	case err != nil:
		return err
	case !hasMethod:
		return ErrNoMethod
	case !open:
		return ErrNoGateway
	case hot:
		return ErrCardTriedTooOften
	}
	return nil
}
