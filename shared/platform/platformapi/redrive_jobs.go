package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/platform"
	"fitkit/shared/queue"
)

// Redriver is what RedriveJobs needs.
type Redriver interface {
	Redrive(ctx context.Context, r platform.Redrive) (platform.Redriven, error)
}

// RedriveJobsOp declares POST /v1/admin/jobs/redrive. It takes no Idempotency-Key: what is no longer dead is passed over, so no job
// comes back twice. But a repeat brings back the next ones, so an answer that was lost is looked for by a person, in the list.
var RedriveJobsOp = api.Op{
	Name: "api-platform-redrive-jobs", Method: api.POST, Path: "/v1/admin/jobs/redrive", Read: true, Once: true,
	Summary: "Give a queue's dead jobs another try, so many in a second",
	Roles:   admins,
	Errors:  []*fail.Error{platform.ErrUnknownQueue},
	Needs:   eachQueue(need.Send),
}

type redriveInput struct {
	Body struct {
		Queue     string   `json:"queue" minLength:"1" maxLength:"64" example:"org-apply-clerk-event"`
		JobIDs    []id.Job `json:"job_ids,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"Only these of the queue's dead jobs"`
		Max       int      `json:"max,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"At most so many, those that died first before the others"`
		PerSecond int      `json:"per_second,omitempty" minimum:"1" maximum:"100" default:"10"`
	}
}

type redriveOutput struct {
	Redriven int64     `json:"redriven"`
	Left     int64     `json:"left" doc:"Jobs of the queue that stay dead"`
	LastDue  time.Time `json:"last_due_at,omitzero" doc:"When the last of them is due"`
}

// RedriveJobs makes dead jobs ready again; each is due in its turn.
func RedriveJobs(r Redriver) api.Endpoint {
	return api.New(RedriveJobsOp, func(ctx context.Context, c api.Caller, in *redriveInput) (*redriveOutput, error) {
		done, err := r.Redrive(ctx, platform.Redrive{Queue: queue.Name(in.Body.Queue), Jobs: in.Body.JobIDs, Max: in.Body.Max, PerSecond: in.Body.PerSecond})
		if err != nil {
			return nil, err
		}
		obs.Add(ctx, "redriven", done.Jobs)
		obs.Add(ctx, "redriven_by", c.UserID)
		return &redriveOutput{Redriven: done.Jobs, Left: done.Left, LastDue: done.LastDue.UTC()}, nil
	})
}
