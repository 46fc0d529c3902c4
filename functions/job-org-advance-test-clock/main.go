// Command job-org-advance-test-clock moves a test organisation's clock through everything that falls due.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/job"
	"fitkit/shared/membership"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
	"fitkit/shared/testclock"
	"fitkit/shared/testclock/testclockjob"
)

func main() {
	app := run.Start(testclockjob.AdvanceOp)
	db := outbox.Postgres(app)
	job.Serve(app, testclockjob.Advance(testclock.NewAdvancer(db, billing.NewStore(db), membership.NewStore(db))))
}
