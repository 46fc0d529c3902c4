// Command job-billing-execute-charge collects charges from the queue billing-execute-charge.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/job"
	"fitkit/shared/obs/posthog"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingjob.ExecuteChargeOp)
	posthog.Start(app)
	job.Serve(app, billingjob.ExecuteCharge(billing.CollectorFrom(app, outbox.Postgres(app))))
}
