package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/platform"
	"fitkit/shared/queue"
)

// DeadLister is what ListDeadJobs needs.
type DeadLister interface {
	Dead(ctx context.Context, q queue.Name, after *platform.Death, limit int) ([]platform.DeadJob, error)
}

// ListDeadJobsOp declares GET /v1/admin/jobs/dead.
var ListDeadJobsOp = api.Op{
	Name: "api-platform-list-dead-jobs", Method: api.GET, Path: "/v1/admin/jobs/dead",
	Summary: "The jobs that were given up, the last one first, and why",
	Roles:   admins,
	Errors:  []*fail.Error{platform.ErrUnknownQueue},
}

type deadInput struct {
	api.Page
	Queue string `query:"queue" maxLength:"64" doc:"Of this queue only"`
}

type deadOutput struct {
	Jobs       []deadJobOutput `json:"jobs" nullable:"false"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

type deadJobOutput struct {
	ID          string    `json:"id"`
	OrgID       string    `json:"org_id,omitempty" doc:"Missing when the job belongs to no studio"`
	Queue       string    `json:"queue"`
	Reason      string    `json:"reason" doc:"The error's code"`
	Attempts    int       `json:"attempts"`
	Correlation string    `json:"correlation_id,omitempty" doc:"Finds the invocations in the log"`
	CreatedAt   time.Time `json:"created_at"`
	DiedAt      time.Time `json:"died_at"`
}

// ListDeadJobs shows ids and codes; payloads stay where they are.
func ListDeadJobs(l DeadLister) api.Endpoint {
	return api.New(ListDeadJobsOp, func(ctx context.Context, _ api.Caller, in *deadInput) (*deadOutput, error) {
		after := &platform.Death{}
		if more, err := in.After(after); err != nil {
			return nil, err
		} else if !more {
			after = nil
		}
		rows, err := l.Dead(ctx, queue.Name(in.Queue), after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		list, next, err := api.CutPage(rows, in.Limit, func(j platform.DeadJob) platform.Death { return platform.Death{At: j.DiedAt, ID: j.ID} })
		if err != nil {
			return nil, err
		}
		out := &deadOutput{Jobs: []deadJobOutput{}, NextCursor: next}
		for _, j := range list {
			one := deadJobOutput{ID: j.ID.String(), Queue: string(j.Queue), Reason: j.Reason, Attempts: j.Attempts,
				Correlation: j.Correlation, CreatedAt: j.CreatedAt.UTC(), DiedAt: j.DiedAt.UTC()}
			if !j.Org.IsZero() {
				one.OrgID = j.Org.String()
			}
			out.Jobs = append(out.Jobs, one)
		}
		return out, nil
	})
}
