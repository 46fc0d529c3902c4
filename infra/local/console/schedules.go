package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"fitkit/infra/local/scheduler"
	"fitkit/infra/local/template"
	"fitkit/shared/platform"
)

// scheduleRow is a schedule with its last slots.
type scheduleRow struct {
	template.Schedule
	Run platform.CronRun
}

// Stuck says that a run began and did not end within what any run may take.
func (r scheduleRow) Stuck() bool {
	return r.Run.StartedAt != nil && r.Run.FinishedAt == nil && time.Since(*r.Run.StartedAt) > longestRun
}

const longestRun = 15 * time.Minute

// Found is how much work the last run selected.
func (r scheduleRow) Found() int64 { return *r.Run.Selected }

// Local is the next slot by the clock of the schedule's own zone.
func (r scheduleRow) Local() string {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil || r.Run.Next.IsZero() {
		return ""
	}
	return r.Run.Next.In(zone).Format("15:04")
}

func (c *Console) scheduleRows(ctx context.Context) ([]scheduleRow, error) {
	runs, err := c.Jobs.CronRuns(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	var rows []scheduleRow
	for _, s := range c.Template.Schedules {
		row := scheduleRow{Schedule: s}
		for _, run := range runs {
			if run.Name == s.Function {
				row.Run = run
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (c *Console) schedules(r *http.Request) (view, error) {
	rows, err := c.scheduleRows(r.Context())
	return view{"schedules", "nav.schedules", rows}, err
}

// runNow runs a schedule, as make cron does, and tells what its function answered.
func (c *Console) runNow(r *http.Request) (to string, said note, err error) {
	to = "/schedules"
	name := r.PathValue("name")
	result, err := c.Schedules.RunNow(r.Context(), name, time.Time{})
	switch {
	case errors.Is(err, scheduler.ErrUnknownSchedule):
		return to, note{Failed: true, Key: "schedules.unknown", Args: []any{name}}, nil
	case err != nil:
		return to, note{}, err
	case result.FunctionError != "":
		return to, note{Failed: true, Key: "schedules.failed", Args: []any{name}, Detail: string(result.Payload)}, nil
	}
	return to, note{Key: "schedules.ran", Args: []any{name}, Detail: string(result.Payload)}, nil
}
