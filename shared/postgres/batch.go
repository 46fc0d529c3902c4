package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/shared/tenancy"
)

// Batch is statements that go to Postgres together, in one round trip and one implicit transaction.
type Batch struct {
	pgx.Batch
	staged []Staged
}

// Stage notes a job whose row this batch inserts, to be sent after commit.
func (b *Batch) Stage(j Staged) { b.staged = append(b.staged, j) }

// ReadInOrg runs the batch's reads in c's organisation. A connection that died before anything was sent is
// replaced and the batch sent once more.
func (db *DB) ReadInOrg(ctx context.Context, c tenancy.Caller, b *Batch) (tenancy.Entered, error) {
	e, err := db.sendInOrg(ctx, c, b)
	if err != nil && pgconn.SafeToRetry(err) && ctx.Err() == nil {
		e, err = db.sendInOrg(ctx, c, b)
	}
	return e, mapError(err)
}

// WriteInOrg runs a batch that writes, for flows that decide nothing between their statements: each statement guards
// itself, and all commit together or none does.
func (db *DB) WriteInOrg(ctx context.Context, c tenancy.Caller, b *Batch) (tenancy.Entered, error) {
	e, err := db.sendInOrg(ctx, c, b)
	if err != nil {
		return e, mapError(err)
	}
	db.committed(ctx, b.staged)
	return e, nil
}

func (db *DB) sendInOrg(ctx context.Context, c tenancy.Caller, b *Batch) (e tenancy.Entered, err error) {
	conn, err := db.pool().Acquire(ctx)
	if err != nil {
		return e, err
	}
	defer conn.Release()
	whole := &pgx.Batch{}
	queueEnter(whole, c, &e)
	whole.QueuedQueries = append(whole.QueuedQueries, b.QueuedQueries...)
	err = conn.SendBatch(ctx, whole).Close()
	toldOrg(ctx, &c, e)
	return e, err
}
