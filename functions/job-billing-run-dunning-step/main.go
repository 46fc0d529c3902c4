// Command job-billing-run-dunning-step takes rungs of the dunning ladder.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/job"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingjob.RunDunningStepOp)
	job.Serve(app, billingjob.RunDunningStep(billing.NewStore(outbox.Postgres(app))))
}
