package billing

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// A day is proven once it is over, by the studio's zone and its business time. Days with attempts or paid charges are looked for
// this far back, so that a week without the schedule leaves no gap; one that was found is tried daily until it is proven.
const (
	proofDaysBack = 7
	// proofsAtOnce bounds a studio's jobs of one night. The newest days come first: those who wait longest wait for a person.
	proofsAtOnce = 100
	// UnprovenAtMost is how long after its end a day may stay unproven: two nights have tried by then.
	UnprovenAtMost = 48 * time.Hour
)

const (
	sqlFindDays = `
with d as (
  select x.day, x.day::timestamp at time zone x.tz as first, (x.day + 1)::timestamp at time zone x.tz as next
  from (select (app.business_now() at time zone o.tz)::date - n as day, o.tz from orgs o, generate_series(1, $1::int) n where o.id = app.org()) x
)
insert into day_proofs (org_id, day) select app.org(), d.day from d
where exists (select from payment_attempts a where a.org_id = app.org() and a.business_at >= d.first and a.business_at < d.next)
  or exists (select from charges c where c.org_id = app.org() and c.paid_at >= d.first and c.paid_at < d.next)
on conflict (org_id, day) do nothing`
	sqlDaysToProve = `
select p.day, (now() at time zone o.tz)::date from day_proofs p join orgs o on o.id = p.org_id
where p.org_id = app.org() and p.state in ('waiting', 'differs') order by p.day desc limit $1`
)

// dayToProve is a day without a proof, and the night that tries it by the real calendar.
type dayToProve struct{ Day, Night civil.Date }

// PlanProofsOrg enqueues the proof of each finished day of one organisation that has none yet, and says how many there are. A
// job's key is the day and the night, so that a second run makes no second job, and the next night tries again whatever became of this one's.
func (s *Store) PlanProofsOrg(ctx context.Context, c tenancy.Caller) (n int64, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, sqlFindDays, proofDaysBack); err != nil {
			return err
		}
		days, err := collect[dayToProve](ctx, tx, sqlDaysToProve, proofsAtOnce)
		if err != nil {
			return err
		}
		for _, d := range days {
			job := queue.Job{Queue: QueueProve, Dedupe: fmt.Sprintf("day:%s:%s", d.Day, d.Night), Payload: ProveDay{Day: d.Day}}
			if err := queue.Enqueue(ctx, tx, job); err != nil {
				return err
			}
		}
		n = int64(len(days))
		return nil
	})
	return n, fail.Wrap(err, "plan the proofs of days")
}

const (
	// sqlOrgsToProve: without a gateway nothing was ever charged. Deleted studios too: what was under way has moved or has not.
	sqlOrgsToProve = `select o.id from orgs o where exists (select from gateways g where g.org_id = o.id) order by o.id`
	// sqlUnprovenDays counts no test studio's, whose provider holds what tests put there, no day of a test terminal, and no studio's that
	// is deleted: its last days are a person's cases, and nobody is left to be called for them at night.
	sqlUnprovenDays = `
select count(*) from day_proofs p join orgs o on o.id = p.org_id
where p.state in ('waiting', 'differs') and coalesce((p.figures->>'moves_money')::boolean, true) and not o.test_mode and o.status <> 'deleted'
  and (p.day + 1)::timestamp at time zone o.tz < now() - $1::interval`
)

// PlanProofs enqueues the proofs of every organisation's finished days that have none yet.
func (s *Sweeper) PlanProofs(ctx context.Context) (int64, error) {
	return s.each(ctx, sqlOrgsToProve, s.store.PlanProofsOrg)
}

// UnprovenDays is how many days of all studios are unproven though they ended longer than UnprovenAtMost ago.
func (s *Sweeper) UnprovenDays(ctx context.Context) (n int, err error) {
	err = s.system.Across(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, sqlUnprovenDays, UnprovenAtMost.String()).Scan(&n)
	})
	return n, fail.Wrap(err, "count days without a proof")
}
