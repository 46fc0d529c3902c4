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

// ErrUnknownQueue refuses a queue that does not exist: an empty list, or a redrive of nothing, would tell nobody that it is misspelt.
var ErrUnknownQueue = fail.New(fail.Invalid, "platform.unknown_queue", "There is no such queue; GET /v1/admin/queues lists them.", "אין תור כזה; הרשימה ב-GET /v1/admin/queues.")

// Redrive is dead jobs that are to be tried again.
type Redrive struct {
	Queue     queue.Name
	Jobs      []id.Job // only these; none: whichever died first
	Max       int      // at most so many, the ones that died first before the others
	PerSecond int      // so many become due in each second, so that what has just come back is not knocked over
}

// Redriven is what a redrive did.
type Redriven struct {
	Jobs    int64
	Left    int64     // dead jobs of the queue that stay dead
	LastDue time.Time // when the last of them is due; zero without any
}

// A job keeps its id, its attempts and its last error; its resends begin anew, for its messages do. Whoever redrives beside
// somebody else gets other rows, so a job is made ready once.
const sqlRedrive = `
with picked as (
  select id, finished_at from jobs where queue = $1 and state = 'dead' and ($4::uuid[] is null or id = any($4))
  order by finished_at, id limit $2 for update skip locked
), numbered as (
  select id, row_number() over (order by finished_at, id) - 1 as n from picked
)
update jobs j set state = 'ready', finished_at = null, lease_until = null, sent_at = null, resends = 0,
  available_at = now() + make_interval(secs => d.n::float8 / $3)
from numbered d where j.id = d.id
returning j.id, j.org_id, j.queue, j.payload::text, j.correlation, j.available_at`

const sqlLeft = `select count(*) from jobs where queue = $1 and state = 'dead'`

// Redrive makes dead jobs ready again. Doing so twice has one effect: what is no longer dead is passed over, and a job that
// has had its effect is done and was never dead.
func (o *Overview) Redrive(ctx context.Context, r Redrive) (done Redriven, err error) {
	if !slices.Contains(queue.Names, r.Queue) {
		return done, ErrUnknownQueue
	}
	err = o.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlRedrive, r.Queue, r.Max, r.PerSecond, ids(r.Jobs))
		if err != nil {
			return err
		}
		var j postgres.Staged
		var payload string
		_, err = pgx.ForEachRow(rows, []any{&j.ID, &j.Org, &j.Queue, &payload, &j.Correlation, &j.AvailableAt}, func() error {
			j.Payload = []byte(payload)
			tx.Stage(j)
			done.Jobs++
			if j.AvailableAt.After(done.LastDue) {
				done.LastDue = j.AvailableAt
			}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlLeft, r.Queue).Scan(&done.Left)
	})
	return done, fail.Wrap(err, "redrive %s", r.Queue)
}

// ids is as the driver knows a list of them; nil for none.
func ids(jobs []id.Job) (list []string) {
	for _, j := range jobs {
		list = append(list, j.String())
	}
	return list
}
