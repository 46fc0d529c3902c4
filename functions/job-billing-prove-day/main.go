// Command job-billing-prove-day proves a finished day against the provider's own list.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/job"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingjob.ProveDayOp)
	job.Serve(app, billingjob.ProveDay(billing.CollectorFrom(app, postgres.From(app))))
}
