// Package testclock is an organisation's own business time, as Stripe's test clocks: a test organisation's clock stands
// until it is advanced, and advancing lives through everything that falls due on the way, in order, in seconds.
//
// Only business time moves. Leases, tokens, visibility and cron slots stay on the real clock.
package testclock

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// Queue is where an advance continues.
const Queue queue.Name = "org-advance-test-clock"

// Clock is an organisation's test clock.
type Clock struct {
	Now      time.Time
	Target   *time.Time // nil when it has arrived
	OpenJobs int        // work that the clock waits for
}

// Errors of the clock.
var (
	ErrNoClock = fail.New(fail.Conflict, "org.no_test_clock", "This studio has no test clock. Create one first; only a studio without a live terminal and without charges can.",
		"לסטודיו זה אין שעון בדיקה. צרו אחד תחילה; אפשרי רק בסטודיו ללא מסוף אמיתי וללא חיובים.")
	ErrNotTest = fail.New(fail.Conflict, "org.not_a_test_org", "A studio with a live terminal or with charges cannot become a test studio.",
		"סטודיו עם מסוף אמיתי או עם חיובים אינו יכול להפוך לסטודיו בדיקות.")
	ErrBackwards = fail.New(fail.Invalid, "org.test_clock_backwards", "A test clock only goes forward, and at most 366 days at once.",
		"שעון בדיקה נע רק קדימה, ולכל היותר 366 ימים בכל פעם.")
	ErrAdvancing = fail.New(fail.Conflict, "org.test_clock_advancing", "The clock is still advancing. Wait until its status is ready.",
		"השעון עדיין מתקדם. המתינו עד שמצבו ready.")
)

// maxAdvance bounds one advance.
const maxAdvance = 366 * 24 * time.Hour

// Store keeps test clocks.
type Store struct{ db *postgres.DB }

// NewStore is the store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db} }

const (
	sqlRead = `
select test_now, test_target, (select count(*) from jobs where org_id = app.org() and state = 'ready') from orgs where id = app.org() and test_now is not null`
	sqlCreate = `
update orgs set test_mode = true, test_now = $1 where id = app.org() and test_now is null
  and not exists (select from charges where org_id = app.org())`
	sqlTarget = `update orgs set test_target = $1 where id = app.org() and test_now is not null`
)

// Read is the clock as it stands.
func (s *Store) Read(ctx context.Context, c tenancy.Caller) (cl Clock, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) (err error) {
		cl, err = read(ctx, tx)
		return err
	})
	return cl, err
}

func read(ctx context.Context, tx postgres.Tx) (cl Clock, err error) {
	err = tx.QueryRow(ctx, sqlRead).Scan(&cl.Now, &cl.Target, &cl.OpenJobs)
	if postgres.NoRows(err) {
		return cl, ErrNoClock
	}
	return cl, err
}

// Create makes the organisation a test organisation whose clock stands at now.
func (s *Store) Create(ctx context.Context, c tenancy.Caller, now time.Time) (cl Clock, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		n, err := tx.Exec(ctx, sqlCreate, now.UTC())
		if postgres.Violates(err, "gateways_test_org_not_live") || err == nil && n == 0 {
			return ErrNotTest
		}
		if err != nil {
			return err
		}
		cl, err = read(ctx, tx)
		return err
	})
	return cl, fail.Wrap(err, "create test clock")
}

// Advance sends the clock on its way to target. It is ready when it got there and nothing is left to do.
func (s *Store) Advance(ctx context.Context, c tenancy.Caller, target time.Time) (cl Clock, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		cl, err = read(ctx, tx)
		switch {
		case err != nil:
			return err
		case cl.Target != nil:
			return ErrAdvancing
		case target.Before(cl.Now) || target.Sub(cl.Now) > maxAdvance:
			return ErrBackwards
		}
		if _, err := tx.Exec(ctx, sqlTarget, target.UTC()); err != nil {
			return err
		}
		if err := enqueue(ctx, tx); err != nil {
			return err
		}
		cl, err = read(ctx, tx)
		return err
	})
	return cl, fail.Wrap(err, "advance test clock")
}

// Step is the payload of Queue.
type Step struct{}

func enqueue(ctx context.Context, tx postgres.Tx) error {
	return queue.Enqueue(ctx, tx, queue.Job{Queue: Queue, Dedupe: fmt.Sprintf("step:%s", id.New[id.Event]()), Payload: Step{}})
}
