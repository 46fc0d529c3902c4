// Package orgjob is the queued work of organisations.
package orgjob

import (
	"context"

	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// EventApplier is what ApplyClerkEvent needs.
type EventApplier interface {
	Apply(ctx context.Context, inbox id.Event) error
}

// ApplyClerkEventOp declares the queue org-apply-clerk-event.
var ApplyClerkEventOp = job.Op{
	Name:    "job-org-apply-clerk-event",
	Summary: "Bring organisations and staff up to an event of Clerk's",
	Needs:   []need.Need{need.SystemPostgres, need.Analytics},
	System:  true,
}

// ApplyClerkEvent applies an event that the hook stored. A message seen twice finds its event applied.
func ApplyClerkEvent(events EventApplier) job.Handler {
	return job.New(ApplyClerkEventOp, func(ctx context.Context, _ tenancy.Caller, m org.Received) error {
		return events.Apply(ctx, m.Inbox)
	})
}
