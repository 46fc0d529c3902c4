package queue

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

// current is the job that runs; finished once its effect's transaction marked it done.
type current struct {
	id       id.Job
	finished bool
}

type currentKey struct{}

// WithJob names the running job, for Done.
func WithJob(ctx context.Context, job id.Job) context.Context {
	return context.WithValue(ctx, currentKey{}, &current{id: job})
}

const sqlDone = `update jobs set state = 'done', finished_at = now(), lease_until = null where id = $1 and state = 'ready'`

// Done marks the running job done in tx, so that the effect and the end of its job cannot part. Outside a job it does nothing.
func Done(ctx context.Context, tx postgres.Tx) error {
	c, _ := ctx.Value(currentKey{}).(*current)
	if c == nil {
		return nil
	}
	_, err := tx.Exec(ctx, sqlDone, c.id)
	c.finished = err == nil
	return err
}

// DoneBatch is Done for a flow that travels as one batch.
func DoneBatch(ctx context.Context, b *pgx.Batch) {
	if c, _ := ctx.Value(currentKey{}).(*current); c != nil {
		b.Queue(sqlDone, c.id)
		c.finished = true
	}
}

// Finished says whether the running job's effect has marked it done. It is believed only when the handler succeeded.
func Finished(ctx context.Context) bool {
	c, _ := ctx.Value(currentKey{}).(*current)
	return c != nil && c.finished
}
