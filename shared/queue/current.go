package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

// current is the job that runs: taken once this worker holds its row, finished once its effect's transaction marked it done.
type current struct {
	id       id.Job
	lease    time.Duration
	taken    bool
	finished bool
}

type currentKey struct{}

// WithJob names the running job, whose row this worker holds, for Done.
func WithJob(ctx context.Context, job id.Job) context.Context {
	return context.WithValue(ctx, currentKey{}, &current{id: job, taken: true})
}

// WithUntaken names a job whose handler takes the row itself, by TakeBatch, for so long.
func WithUntaken(ctx context.Context, job id.Job, lease time.Duration) context.Context {
	return context.WithValue(ctx, currentKey{}, &current{id: job, lease: lease})
}

const (
	sqlTake    = `select app.take_job($1, $2)`
	sqlTakeAll = `select app.take_job(job, $2::interval) from unnest($1::uuid[]) as job`
)

// TakeRow takes a job's row for so long, as the batch's next statement, and reads its payload. When the job has ended or
// is held by somebody else the batch fails with postgres.ErrJobEnded or ErrJobHeld, and nothing of it happens.
func TakeRow(b *pgx.Batch, job id.Job, lease time.Duration, payload *[]byte) {
	b.Queue(sqlTake, job, lease.String()).QueryRow(func(row pgx.Row) error { return row.Scan(payload) })
}

// TakeBatch takes the rows of the running jobs, one of each context, in the batch that begins their work: all, or the batch
// fails as with TakeRow and nothing of it happens. The caller calls taken once the batch is committed. Outside a job, or when this
// worker holds the row already, it does nothing.
func TakeBatch(b *pgx.Batch, working ...context.Context) (taken func()) {
	var jobs []*current
	for _, ctx := range working {
		if c, _ := ctx.Value(currentKey{}).(*current); c != nil && !c.taken {
			jobs = append(jobs, c)
		}
	}
	if len(jobs) > 0 {
		slices.SortFunc(jobs, func(x, y *current) int { return bytes.Compare(x.id[:], y.id[:]) }) // in one order, by whoever else takes some of them
		b.Queue(sqlTakeAll, idsOf(jobs), jobs[0].lease.String())
	}
	return func() {
		for _, c := range jobs {
			c.taken = true
		}
	}
}

func idsOf(jobs []*current) []string {
	ids := make([]string, len(jobs))
	for i, c := range jobs {
		ids[i] = c.id.String()
	}
	return ids
}

// Taken says whether this worker holds the running job's row.
func Taken(ctx context.Context) bool {
	c, _ := ctx.Value(currentKey{}).(*current)
	return c != nil && c.taken
}

const sqlDone = `update jobs set state = 'done', finished_at = now(), lease_until = null where id = any($1::uuid[]) and state = 'ready'`

// Done marks the running job done in tx, so that the effect and the end of its job cannot part. Outside a job it does nothing.
func Done(ctx context.Context, tx postgres.Tx) error {
	c, _ := ctx.Value(currentKey{}).(*current)
	if c == nil {
		return nil
	}
	_, err := tx.Exec(ctx, sqlDone, idsOf([]*current{c}))
	c.finished = err == nil
	return err
}

// DoneBatch is Done for a flow that travels as one batch, and for the jobs of several contexts.
func DoneBatch(b *pgx.Batch, working ...context.Context) {
	var jobs []*current
	for _, ctx := range working {
		if c, _ := ctx.Value(currentKey{}).(*current); c != nil {
			jobs = append(jobs, c)
			c.finished = true
		}
	}
	if len(jobs) > 0 {
		b.Queue(sqlDone, idsOf(jobs))
	}
}

// Finished says whether the running job's effect has marked it done. It is believed only when the handler succeeded.
func Finished(ctx context.Context) bool {
	c, _ := ctx.Value(currentKey{}).(*current)
	return c != nil && c.finished
}

const (
	sqlProgress     = `select progress from jobs where id = $1`
	sqlSaveProgress = `update jobs set progress = $2 where id = $1 and state = 'ready'`
)

// Progress reads into v how far the running job had come when it was last interrupted. v stays as it is when the job is at
// its beginning, or when none runs.
func Progress(ctx context.Context, tx postgres.Tx, v any) error {
	c, _ := ctx.Value(currentKey{}).(*current)
	if c == nil {
		return nil
	}
	var text []byte
	if err := tx.QueryRow(ctx, sqlProgress, c.id).Scan(&text); err != nil || text == nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// SaveProgress notes how far the running job has come, in the transaction that brought it there. Outside a job it does nothing.
func SaveProgress(ctx context.Context, tx postgres.Tx, v any) error {
	c, _ := ctx.Value(currentKey{}).(*current)
	if c == nil {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlSaveProgress, c.id, string(text))
	return err
}
