// Command job-billing-resolve-unknown asks providers about attempts whose answer was lost.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/job"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingjob.ResolveUnknownOp)
	job.Serve(app, billingjob.ResolveUnknown(billing.CollectorFrom(app, outbox.Postgres(app))))
}
