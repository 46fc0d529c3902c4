// Package backupcron is the schedules of backups.
package backupcron

import (
	"context"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/clock"
	"fitkit/shared/cron"
	"fitkit/shared/need"
)

// ExportOrgsOp declares the schedule that starts the week's exports. It looks every night, so that a studio which is new or
// was left out waits no week, and so that its silence is noticed within a day.
var ExportOrgsOp = cron.Op{
	Name: "cron-platform-export-orgs", Summary: "Start the weekly export of every organisation's tables",
	Schedule: "cron(0 4 * * ? *)", Needs: []need.Need{need.Postgres, need.Send(string(backup.ExportQueue))}, Timeout: 5 * time.Minute,
}

// Planner is what ExportOrgs needs.
type Planner interface {
	Plan(ctx context.Context, now time.Time) (int64, error)
}

// ExportOrgs enqueues the week's export of each organisation that has none yet. A second run finds the jobs there.
func ExportOrgs(p Planner) cron.Handler {
	return cron.New(ExportOrgsOp, func(ctx context.Context) (int64, error) { return p.Plan(ctx, clock.Real()) })
}
