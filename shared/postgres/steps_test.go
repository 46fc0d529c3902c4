package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

// desk is a studio whose owner sends one request that calls a provider between its transactions, in as many copies as a test likes.
type desk struct {
	*postgrestest.Database
	t     *testing.T
	owner tenancy.Caller
	org   id.Org
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	t.Parallel()
	d := &desk{Database: postgrestest.New(t), t: t, org: id.New[id.Org]()}
	d.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_a', 'סטודיו', 'a')", d.org)
	d.owner = tenancy.Caller{UserID: "user_owner", ClerkOrg: "org_a", ClerkRole: "admin", Allowed: tenancy.People}
	return d
}

// worker is one that works on the request, or thinks so.
type worker struct {
	d    *desk
	ctx  context.Context
	unit *postgres.Unit
}

func (d *desk) worker() *worker {
	c := &worker{d: d}
	c.ctx, c.unit = d.DB.Begin(d.t.Context(), d.owner, postgres.Key{Value: "k", Operation: "api-test-open", SHA: make([]byte, 32)}, true)
	return c
}

// step writes one row in a transaction of its own.
func (c *worker) step(row string) error {
	return c.d.DB.InOrg(c.ctx, c.d.owner, func(tx postgres.Tx) error {
		_, err := tx.Exec(c.ctx, "insert into audit_log (org_id, action, object_kind) values (app.org(), $1, 'test')", row)
		return err
	})
}

func (c *worker) finish(body string) error {
	return c.unit.Finish(c.ctx, postgres.Answer{Status: 201, Body: []byte(body)})
}

// must fails the test unless all went well.
func (d *desk) must(errs ...error) {
	d.t.Helper()
	if err := errors.Join(errs...); err != nil {
		d.t.Fatal(err)
	}
}

// runsOut ends the lease of whoever holds the key.
func (d *desk) runsOut() {
	d.t.Helper()
	d.Exec(d.t, "update idempotency_keys set lease_until = now() - interval '1 second'")
}

// rows is what was written, in order.
func (d *desk) rows() string {
	d.t.Helper()
	return postgrestest.Get[string](d.t, d.Database, "select coalesce(string_agg(action, ' ' order by at, id), '') from audit_log")
}

// wantAnswer sends the request once more, which is told what was stored.
func (d *desk) wantAnswer(want string) {
	d.t.Helper()
	var again *postgres.Replayed
	if err := d.worker().step("another effect"); !errors.As(err, &again) || string(again.Answer.Body) != want {
		d.t.Fatalf("a repeat came to %v, want the answer %s", err, want)
	}
}

// TestAWorkerWhoLostItsKeyWritesNothingMore (T6, T9): the first worker hangs at the provider until its lease has run out and
// another worker has taken the same request up. When it comes back it is told so, and neither its second step, nor its answer,
// nor its giving up is to be seen.
//
// Red before steps made sure that the key is still theirs: the first worker's step was written beside the second's, its answer
// took the place of the one that had been given, and its giving up let a third worker in beside the second.
func TestAWorkerWhoLostItsKeyWritesNothingMore(t *testing.T) {
	t.Run("when the other has answered", func(t *testing.T) {
		d := newDesk(t)
		first, second := d.worker(), d.worker()
		d.must(first.step("a1"))
		d.runsOut()
		d.must(second.step("b1"), second.step("b2"), second.finish("b"))
		if err := first.step("a2"); !errors.Is(err, postgres.ErrInProgress) {
			t.Errorf("the late step came to %v", err)
		}
		first.unit.Abandon(first.ctx)
		if rows := d.rows(); rows != "a1 b1 b2" {
			t.Errorf("written: %s", rows)
		}
		d.wantAnswer("b")
	})
	t.Run("when only its answer is late", func(t *testing.T) {
		d := newDesk(t)
		first, second := d.worker(), d.worker()
		d.must(first.step("a1"), first.step("a2"))
		d.runsOut()
		d.must(second.step("b1"), second.finish("b"))
		if err := first.finish("a"); !errors.Is(err, postgres.ErrInProgress) {
			t.Errorf("the late answer came to %v", err)
		}
		first.unit.Abandon(first.ctx)
		d.wantAnswer("b")
	})
	t.Run("while the other works", func(t *testing.T) {
		d := newDesk(t)
		first, second := d.worker(), d.worker()
		d.must(first.step("a1"))
		d.runsOut()
		d.must(second.step("b1"))
		if err := first.step("a2"); !errors.Is(err, postgres.ErrInProgress) {
			t.Errorf("the late step came to %v", err)
		}
		first.unit.Abandon(first.ctx)
		if err := d.worker().step("c1"); !errors.Is(err, postgres.ErrInProgress) {
			t.Errorf("a third worker, beside the second, came to %v", err)
		}
		d.must(second.step("b2"), second.finish("b"))
		d.wantAnswer("b")
	})
}

// TestACrashBetweenStepsLeavesTheRequestToBeSentAgain (T6): a worker dies after its effect and before its answer is stored. While
// its lease lasts nobody else works on the request, not even fifty copies of it; then one does, and its answer stands.
//
// Red with a claim that takes a key whose lease still lasts, and with the answer not read again.
func TestACrashBetweenStepsLeavesTheRequestToBeSentAgain(t *testing.T) {
	for name, done := range map[string][]string{"after the first step": {"a1"}, "after the effect": {"a1", "a2"}} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			dead := d.worker()
			for _, row := range done {
				d.must(dead.step(row))
			}
			if n := d.together(50, postgres.ErrInProgress); n != 0 {
				t.Fatalf("%d copies ran while the first worker might live", n)
			}
			d.runsOut()
			if n := d.together(50, postgres.ErrInProgress); n != 1 {
				t.Fatalf("%d copies took up what the dead worker left", n)
			}
			d.runsOut()
			last := d.worker()
			d.must(last.step("c1"), last.finish("c"))
			d.wantAnswer("c")
		})
	}
}

// together sends so many copies at once, none of which answers, and says how many made a step; the others are refused.
func (d *desk) together(n int, refusal error) (ran int) {
	d.t.Helper()
	results := make(chan error, n)
	for range n {
		c := d.worker()
		go func() { results <- c.step("b1") }()
	}
	for range n {
		switch err := <-results; {
		case err == nil:
			ran++
		case !errors.Is(err, refusal):
			d.t.Errorf("a copy came to %v", err)
		}
	}
	return ran
}

// TestEachStepRenewsTheKey: a request of several steps is not taken for dead while it goes on. Red with the lease counted from
// the first step alone.
func TestEachStepRenewsTheKey(t *testing.T) {
	d := newDesk(t)
	c := d.worker()
	d.must(c.step("a1"))
	before := d.lease()
	d.must(c.step("a2"))
	if after := d.lease(); !after.After(before) {
		t.Errorf("held until %s after the first step, until %s after the second", before, after)
	}
	d.must(c.finish("a"))
	d.wantAnswer("a")
}

func (d *desk) lease() time.Time {
	d.t.Helper()
	return postgrestest.Get[time.Time](d.t, d.Database, "select lease_until from idempotency_keys")
}
