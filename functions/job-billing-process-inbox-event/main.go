// Command job-billing-process-inbox-event reads hosted pages after a provider's notice.
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
	app := run.Start(billingjob.ProcessInboxEventOp)
	posthog.Start(app)
	job.Serve(app, billingjob.ProcessInboxEvent(billing.CollectorFrom(app, outbox.Postgres(app))))
}
