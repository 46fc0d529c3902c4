package backup

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// Planner starts the exports of a week.
type Planner struct {
	system *postgres.SystemDB
	db     *postgres.DB
}

// NewPlanner is a planner. It finds organisations as the system role and enqueues in each as the app role.
func NewPlanner(system *postgres.SystemDB, db *postgres.DB) *Planner { return &Planner{system, db} }

// sqlOrgs leaves deleted organisations out: nothing may enter them any more, and copies of the whole database have them.
const sqlOrgs = `select id from orgs where status <> 'deleted' order by id`

// Plan enqueues the week's export of each organisation and says how many have one now. The job's key makes a second run of
// the week nothing; an organisation that cannot be worked on does not stop the others.
func (p *Planner) Plan(ctx context.Context, now time.Time) (planned int64, err error) {
	orgs, err := orgIDs(ctx, p.system)
	if err != nil {
		return 0, fail.Wrap(err, "list organisations to export")
	}
	day := weekOf(now)
	for _, org := range orgs {
		e := p.db.InOrg(ctx, tenancy.ForOrg(org, "cron:platform-export-orgs"), func(tx postgres.Tx) error {
			return queue.Enqueue(ctx, tx, queue.Job{Queue: ExportQueue, Dedupe: "export:" + day, Payload: Message{Day: day}})
		})
		if e == nil {
			planned++
		}
		err = errors.Join(err, fail.Wrap(e, "plan the export of %s", org))
	}
	return planned, err
}

// weekOf names a week of exports by the Saturday on which it began, by UTC.
func weekOf(now time.Time) string {
	now = now.UTC()
	return now.AddDate(0, 0, -(int(now.Weekday())+1)%7).Format(DayLayout)
}

func orgIDs(ctx context.Context, db *postgres.SystemDB) (orgs []id.Org, err error) {
	err = db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlOrgs)
		if err != nil {
			return err
		}
		orgs, err = pgx.CollectRows(rows, pgx.RowTo[id.Org])
		return err
	})
	return orgs, err
}
