package platform

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/schedule"
)

// Cron is a schedule as its function declares it.
type Cron struct{ Name, Expression string }

// Crons is every schedule, in the order of names. No function may link them all; a test over the catalogue keeps the list true.
var Crons = []Cron{
	{"cron-billing-plan-charges", "cron(0/15 * * * ? *)"},
	{"cron-billing-prove-days", "cron(30 3 * * ? *)"},
	{"cron-billing-run-dunning", "cron(0/15 * * * ? *)"},
	{"cron-billing-sweep-unknown", "rate(5 minutes)"},
	{"cron-compliance-check-lock", "cron(40 4 * * ? *)"},
	{"cron-job-relay", "rate(1 minute)"},
	{"cron-membership-apply-events", "cron(0/15 * * * ? *)"},
	{"cron-org-expire-uploads", "rate(1 hour)"},
	{"cron-platform-expire-history", "cron(50 3 * * ? *)"},
	{"cron-platform-export-orgs", "cron(0 4 * * ? *)"},
	{"cron-platform-verify-backup", "cron(30 4 * * ? *)"},
	{"cron-platform-watch-keys", "cron(20 3 * * ? *)"},
	{"cron-realtime-cut-connections", "rate(2 minutes)"},
}

// cronZone is where schedules read their clocks (cron.Zone; a domain knows no trigger).
const cronZone = "Asia/Jerusalem"

// CronRun is the last slots of a schedule.
type CronRun struct {
	Cron
	LastSlot    *time.Time // the newest one that was taken; nil before the first
	StartedAt   *time.Time
	FinishedAt  *time.Time // nil while it runs, or when it died in the middle
	Selected    *int64     // how much work it found
	SucceededAt *time.Time // when a run last finished
	Next        time.Time  // its next planned slot
}

const sqlCronRuns = `
select n.name, r.slot, r.started_at, r.finished_at, r.selected, (
  select finished_at from cron_runs where name = n.name and finished_at is not null order by slot desc limit 1)
from unnest($1::text[]) with ordinality n (name, n)
left join lateral (select slot, started_at, finished_at, selected from cron_runs where name = n.name order by slot desc limit 1) r on true
order by n.n`

// CronRuns is how every schedule ran last, and when it runs next after now.
func (o *Overview) CronRuns(ctx context.Context, now time.Time) (list []CronRun, err error) {
	zone, err := time.LoadLocation(cronZone)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(Crons))
	for i, c := range Crons {
		names[i] = c.Name
	}
	err = o.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlCronRuns, names)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r CronRun, err error) {
			return r, row.Scan(&r.Name, &r.LastSlot, &r.StartedAt, &r.FinishedAt, &r.Selected, &r.SucceededAt)
		})
		return err
	})
	if err != nil {
		return nil, fail.Wrap(err, "read the runs of schedules")
	}
	for i := range list {
		list[i].Cron = Crons[i]
		e, err := schedule.Parse(Crons[i].Expression, zone)
		if err != nil {
			return nil, err
		}
		list[i].Next, _ = e.Next(now)
	}
	return list, nil
}
