package testclock

import (
	"context"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// Work is what falls due in a domain: billing's store is it, and membership's.
type Work interface {
	NextDue(ctx context.Context, tx postgres.Tx) (*time.Time, error)
	FireDue(ctx context.Context, c tenancy.Caller) error
}

// Advancer moves a clock that has a target.
type Advancer struct {
	db   *postgres.DB
	work []Work
}

// NewAdvancer is an advancer for what work makes due. Of what is due at one instant, the work named first goes first.
func NewAdvancer(db *postgres.DB, work ...Work) *Advancer { return &Advancer{db, work} }

const (
	// sqlBusy: other jobs to finish, or attempts whose worker may still be alive.
	sqlBusy = `
select (select count(*) from jobs where org_id = app.org() and state = 'ready' and queue <> $1)
  + (select count(*) from payment_attempts where org_id = app.org() and state in ('claimed', 'sent'))`
	sqlMove    = `update orgs set test_now = $1 where id = app.org() and test_target is not null and test_now <= $1`
	sqlArrived = `update orgs set test_now = test_target, test_target = null where id = app.org() and test_target is not null`
)

const (
	// settle is how long a look at the queues waits for them to drain.
	settle = 50 * time.Millisecond
	// handOver is left at the end of an invocation to enqueue the one that goes on.
	handOver = 3 * time.Second
)

// Advance goes from due instant to due instant until the target, waiting at each until the queues are drained. When
// the invocation's time is nearly up it enqueues a successor. A second message finds the clock moving or arrived, and
// all it does is guarded, so a repeat is harmless.
func (a *Advancer) Advance(ctx context.Context, c tenancy.Caller, _ Step) error {
	for {
		if run.Left(ctx) < handOver {
			return a.db.InOrg(ctx, c, func(tx postgres.Tx) error { return enqueue(ctx, tx) })
		}
		done, err := a.hop(ctx, c)
		if err != nil || done {
			return fail.Wrap(err, "advance the test clock")
		}
	}
}

// hop waits for quiet, fires what is due, or moves the clock; done when it has arrived.
func (a *Advancer) hop(ctx context.Context, c tenancy.Caller) (done bool, err error) {
	for _, w := range a.work {
		if err := w.FireDue(ctx, c); err != nil {
			return false, err
		}
	}
	busy := 0
	err = a.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, sqlBusy, Queue).Scan(&busy); err != nil || busy > 0 {
			return err
		}
		done, err = a.move(ctx, tx)
		return err
	})
	if err == nil && busy > 0 {
		time.Sleep(settle)
	}
	return done, err
}

func (a *Advancer) move(ctx context.Context, tx postgres.Tx) (done bool, err error) {
	cl, err := read(ctx, tx)
	if err != nil || cl.Target == nil {
		return err == nil, err
	}
	next, err := a.nextDue(ctx, tx)
	if err != nil {
		return false, err
	}
	if next == nil || next.After(*cl.Target) {
		_, err := tx.Exec(ctx, sqlArrived)
		return true, err
	}
	if next.Before(cl.Now) {
		next = &cl.Now // due already: FireDue takes it on the next hop
	}
	_, err = tx.Exec(ctx, sqlMove, *next)
	return false, err
}

// nextDue is the earliest of what is due next; nil when nothing is.
func (a *Advancer) nextDue(ctx context.Context, tx postgres.Tx) (next *time.Time, err error) {
	for _, w := range a.work {
		at, err := w.NextDue(ctx, tx)
		if err != nil {
			return nil, err
		}
		if at != nil && (next == nil || at.Before(*next)) {
			next = at
		}
	}
	return next, nil
}
