package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/clock"
	"fitkit/shared/platform"
)

// CronLister is what ListCrons needs.
type CronLister interface {
	CronRuns(ctx context.Context, now time.Time) ([]platform.CronRun, error)
}

// ListCronsOp declares GET /v1/admin/crons.
var ListCronsOp = api.Op{
	Name: "api-platform-list-crons", Method: api.GET, Path: "/v1/admin/crons",
	Summary: "When every schedule last ran, what it found, and when it runs next",
	Roles:   admins,
}

type cronsOutput struct {
	Crons []cronOutput `json:"crons" nullable:"false"`
}

type cronOutput struct {
	Name        string     `json:"name"`
	Schedule    string     `json:"schedule" example:"rate(5 minutes)"`
	LastSlot    *time.Time `json:"last_slot,omitempty" doc:"The newest planned time that was taken"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	FinishedAt  *time.Time `json:"finished_at,omitempty" doc:"Missing while it runs, or when it died in the middle"`
	Selected    *int64     `json:"selected,omitempty" doc:"How much work it found"`
	SucceededAt *time.Time `json:"succeeded_at,omitempty" doc:"When a run last finished"`
	Next        time.Time  `json:"next_at" doc:"Its next planned time, when schedules are switched on"`
}

// ListCrons shows every schedule, those that never ran too.
func ListCrons(l CronLister) api.Endpoint {
	return api.New(ListCronsOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*cronsOutput, error) {
		list, err := l.CronRuns(ctx, clock.Real())
		if err != nil {
			return nil, err
		}
		out := &cronsOutput{Crons: []cronOutput{}}
		for _, r := range list {
			out.Crons = append(out.Crons, cronOutput{Name: r.Name, Schedule: r.Expression, LastSlot: r.LastSlot, StartedAt: r.StartedAt,
				FinishedAt: r.FinishedAt, Selected: r.Selected, SucceededAt: r.SucceededAt, Next: r.Next.UTC()})
		}
		return out, nil
	})
}
