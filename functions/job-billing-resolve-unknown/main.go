// Command job-billing-resolve-unknown asks providers about attempts whose answer was lost.
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
	app := run.Start(billingjob.ResolveUnknownOp)
	posthog.Start(app)
	job.Serve(app, billingjob.ResolveUnknown(billing.CollectorFrom(app, outbox.Postgres(app))))
}
