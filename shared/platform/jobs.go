package platform

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
)

// Overview reads what FitKit's own people look at, across all studios: counts, codes and ids, never what a studio wrote.
type Overview struct{ db *postgres.SystemDB }

// NewOverview reads by db; Redrive sends what it makes ready when db sends after its commits (outbox.System).
func NewOverview(db *postgres.SystemDB) *Overview { return &Overview{db} }

// QueueJobs is how the rows of a queue's jobs stand.
type QueueJobs struct {
	Queue     queue.Name
	Ready     int64 // due, or sent and not yet taken
	Later     int64 // not due yet
	Running   int64 // under a lease
	Dead      int64
	OldestDue *time.Time // of the ready ones; nil when there are none
}

const sqlQueues = `
select q.name,
  count(j.id) filter (where j.state = 'ready' and j.available_at <= now() and (j.lease_until is null or j.lease_until < now())),
  count(j.id) filter (where j.state = 'ready' and j.available_at > now()),
  count(j.id) filter (where j.state = 'ready' and j.lease_until >= now()),
  count(j.id) filter (where j.state = 'dead'),
  min(j.available_at) filter (where j.state = 'ready' and j.available_at <= now() and (j.lease_until is null or j.lease_until < now()))
from unnest($1::text[]) with ordinality q (name, n)
left join (select * from jobs where state = 'ready' union all select * from jobs where state = 'dead') j on j.queue = q.name -- each half has an index
group by q.name, q.n order by q.n`

// Queues counts the jobs of every queue.
func (o *Overview) Queues(ctx context.Context) (list []QueueJobs, err error) {
	names := make([]string, len(queue.Names)) // the driver knows no list of our own type
	for i, name := range queue.Names {
		names[i] = string(name)
	}
	err = o.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlQueues, names)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[QueueJobs])
		return err
	})
	return list, fail.Wrap(err, "count jobs")
}

// DeadJob is a job that was given up. Reason is an error's code: it tells nothing of a person.
type DeadJob struct {
	ID          id.Job
	Org         id.Org // zero when the job belongs to no organisation
	Queue       queue.Name
	Reason      string
	Attempts    int
	Correlation string
	CreatedAt   time.Time
	DiedAt      time.Time
}

// Death is where a dead job stands in the list.
type Death struct {
	At time.Time
	ID id.Job
}

const sqlDead = `
select id, coalesce(org_id, '00000000-0000-0000-0000-000000000000'), queue, last_error, attempts, correlation, created_at, finished_at
from jobs where state = 'dead' and ($1 = '' or queue = $1) and ($2::timestamptz is null or (finished_at, id) < ($2, $3::uuid))
order by finished_at desc, id desc limit $4`

// Dead lists the jobs that were given up, the last one first, those that stand after one if it is given; of one queue, or of all when
// it is empty.
func (o *Overview) Dead(ctx context.Context, q queue.Name, after *Death, limit int) (list []DeadJob, err error) {
	if q != "" && !slices.Contains(queue.Names, q) {
		return nil, ErrUnknownQueue
	}
	var at *time.Time
	var last id.Job
	if after != nil {
		at, last = &after.At, after.ID
	}
	err = o.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlDead, q, at, last, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[DeadJob])
		return err
	})
	return list, fail.Wrap(err, "list dead jobs")
}
