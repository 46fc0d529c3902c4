package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres/postgrestest"
)

// TestAWorkerThatWakesUpLateChangesNothing is T9's small form. A worker is frozen by SIGSTOP beyond its attempt's lease,
// the sweep and the look-up settle what can be settled, and the worker wakes up.
//
// It has been seen red without the state in sqlApprove's guard, without the worker's question whether it is too late to
// send, and with a request that may have left told as never sent.
func TestAWorkerThatWakesUpLateChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{workers: 2})
	charging, asking := r.line(t, execute, dunning), r.line(t, resolve)
	charging.Start()
	asking.Start()
	card := r.sandbox.saveCard(t, "4580000000000000")
	for i, tc := range []struct {
		point string
		sent  bool // a worker that wakes up here may still send its request: nobody has said that it will not
		early bool // it is yet to ask itself whether it is too late, which takes real time
		state string
	}{
		{point: "attempt committed", early: true, state: "unknown"},
		{point: "secrets open", early: true, state: "unknown"},
		{point: "before the call", sent: true, state: "unknown"},
		{point: "socket open", sent: true, state: "unknown"},
		{point: "answer body in", state: "approved"},
		{point: "before result commit", state: "approved"},
	} {
		t.Run(tc.point, func(t *testing.T) {
			charge := r.charge(t, card, money.Agorot(30_000+i))
			pid := r.freeze(t, tc.point)
			if !tc.early {
				r.Exec(t, "update payment_attempts set lease_until = now() - interval '1 second' where charge_id = $1", charge)
			}
			until(t, "its lease is over", func() bool { return r.attempt(t, charge, "(lease_until < now())::text") == "true" })
			r.run(t, sweep)
			r.settle(t, asking)
			if got := r.attempt(t, charge, "state"); got != tc.state {
				t.Fatalf("the sweep and its look-up left it %s, want %s", got, tc.state)
			}
			row, calls := r.attempt(t, charge, "to_jsonb(a)::text"), r.sandbox.ledger(t).Calls.Transactions
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			until(t, "the worker has ended its work", func() bool { return !slices.Contains(r.host.Busy(execute), pid) })
			if tc.sent {
				if got := r.attempt(t, charge, "state"); got != "unknown" && got != "approved" {
					t.Fatalf("a request that may have left made it %s", got)
				}
				return
			}
			if now := r.attempt(t, charge, "to_jsonb(a)::text"); now != row {
				t.Errorf("the late worker wrote\n%s\nover\n%s", now, row)
			}
			if n := r.sandbox.ledger(t).Calls.Transactions - calls; n != 0 {
				t.Errorf("the late worker sent %d requests", n)
			}
		})
	}
	r.sweepUp(t, charging, asking)
	r.audit(t)
}

// freeze sends the charges that wait and returns the worker that stopped at point.
func (r *rig) freeze(t testing.TB, point string) (pid int) {
	t.Helper()
	r.crashes.order(t, execute, "stop "+point+" 1")
	r.run(t, relay)
	until(t, "a worker is frozen at "+point, func() bool {
		for _, pid = range r.host.Busy(execute) {
			if frozen(pid) {
				return true
			}
		}
		return false
	})
	r.crashes.order(t, execute)
	return pid
}

// frozen reads the kernel's letter for the process's state.
func frozen(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && strings.HasPrefix(state, "T")
}

// attempt is a column of the charge's only attempt.
func (r *rig) attempt(t testing.TB, charge id.Charge, column string) string {
	t.Helper()
	return postgrestest.Get[string](t, r.Database, "select "+column+" from payment_attempts a where charge_id = $1", charge)
}
