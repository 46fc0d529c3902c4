// Command job-org-apply-clerk-event brings organisations and staff up to the events that Clerk has told of.
package main

import (
	"fitkit/shared/job"
	"fitkit/shared/obs/posthog"
	"fitkit/shared/org"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orgjob.ApplyClerkEventOp)
	posthog.Start(app)
	job.Serve(app, orgjob.ApplyClerkEvent(org.NewClerk(postgres.SystemFrom(app))))
}
