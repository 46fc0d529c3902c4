// Package testclockjob is the job that advances test clocks.
package testclockjob

import (
	"context"
	"time"

	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
	"fitkit/shared/testclock"
)

// AdvanceOp declares the job behind POST /v1/org/test-clock. It sends what the crons would send.
var AdvanceOp = job.Op{
	Name: "job-org-advance-test-clock", Summary: "Advance a test organisation's clock through everything that falls due on the way",
	Needs: []need.Need{need.Postgres, need.Send("org-advance-test-clock"), need.Send("billing-execute-charge"), need.Send("billing-resolve-unknown"),
		need.Send("billing-run-dunning-step"), need.Send("billing-process-inbox-event")},
	Timeout: 60 * time.Second,
}

// Advancer is what Advance needs.
type Advancer interface {
	Advance(ctx context.Context, c tenancy.Caller, m testclock.Step) error
}

// Advance moves the clock; see testclock.Advancer for why a repeat is harmless.
func Advance(a Advancer) job.Handler {
	return job.New(AdvanceOp, func(ctx context.Context, c tenancy.Caller, m testclock.Step) error { return a.Advance(ctx, c, m) })
}
