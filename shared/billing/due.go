package billing

import (
	"context"
	"time"

	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// sqlNextDue is the next instant at which billing has something to do in this organisation.
const sqlNextDue = `
select min(at) from (
  select min(next_charge_at) as at from memberships where org_id = app.org() and next_charge_at is not null and state in ('active', 'pending_payment', 'cancel_pending')
  union all select min(d.next_at) from dunning_cases d join orgs o on o.id = d.org_id
    where d.org_id = app.org() and d.state in ('open', 'waiting_method') and o.charges_paused_at is null
  union all select min(m.access_next_at) from members m join orgs o on o.id = m.org_id
    where m.org_id = app.org() and m.access_next_at is not null and o.charges_paused_at is null
  union all select min(next_lookup_at) from payment_attempts where org_id = app.org() and state = 'unknown'
  union all select min(next_poll_at) from card_sessions where org_id = app.org() and state = 'open'
  union all select min(c.due_at)` + waitingForItsDay + ` and c.org_id = app.org()
) due`

// NextDue is when billing next has work here, by business time; nil when it has none.
func (s *Store) NextDue(ctx context.Context, tx postgres.Tx) (at *time.Time, err error) {
	err = tx.QueryRow(ctx, sqlNextDue).Scan(&at)
	return at, err
}

// FireDue does in one organisation what the crons do in all: plans, collects, sweeps, and duns what is due now.
func (s *Store) FireDue(ctx context.Context, c tenancy.Caller) error {
	for _, do := range []func(context.Context, tenancy.Caller) (int64, error){s.PlanOrg, s.CollectDueOrg, s.SweepOrg, s.DunOrg} {
		if _, err := do(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
