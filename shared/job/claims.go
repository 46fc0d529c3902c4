package job

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// claims is the job rows as the edge needs them: taken, given back, ended.
type claims interface {
	// claim takes the row's lease. Errors: postgres.ErrJobEnded, postgres.ErrJobHeld.
	claim(ctx context.Context, e queue.Envelope, lease time.Duration) (payload []byte, err error)
	end(ctx context.Context, e queue.Envelope, state, reason string) error
	giveBack(ctx context.Context, e queue.Envelope, reason string) error
}

const (
	sqlEnd      = `update jobs set state = $2, finished_at = now(), lease_until = null, last_error = $3 where id = $1 and state = 'ready'`
	sqlGiveBack = `update jobs set lease_until = null, last_error = $2 where id = $1 and state = 'ready'`
)

// orgClaims reads the rows as the app role, inside the message's organisation: a message that names another
// organisation's job finds nothing.
type orgClaims struct{ db *postgres.DB }

func (c orgClaims) claim(ctx context.Context, e queue.Envelope, lease time.Duration) (payload []byte, err error) {
	b := &postgres.Batch{}
	queue.TakeRow(&b.Batch, e.Job, lease, &payload)
	_, err = c.db.WriteInOrg(ctx, tenancy.ForOrg(e.Org, "job"), b)
	return payload, err
}

func (c orgClaims) end(ctx context.Context, e queue.Envelope, state, reason string) error {
	b := &postgres.Batch{}
	b.Queue(sqlEnd, e.Job, state, reason)
	_, err := c.db.WriteInOrg(ctx, tenancy.ForOrg(e.Org, "job"), b)
	return err
}

func (c orgClaims) giveBack(ctx context.Context, e queue.Envelope, reason string) error {
	b := &postgres.Batch{}
	b.Queue(sqlGiveBack, e.Job, reason)
	_, err := c.db.WriteInOrg(ctx, tenancy.ForOrg(e.Org, "job"), b)
	return err
}

// systemClaims reads rows that belong to no organisation, as the system role.
type systemClaims struct{ db *postgres.SystemDB }

func (c systemClaims) claim(ctx context.Context, e queue.Envelope, lease time.Duration) (payload []byte, err error) {
	err = c.db.Across(ctx, func(tx postgres.Tx) error {
		b := &pgx.Batch{}
		queue.TakeRow(b, e.Job, lease, &payload)
		return tx.Send(ctx, b)
	})
	return payload, err
}

func (c systemClaims) end(ctx context.Context, e queue.Envelope, state, reason string) error {
	return c.exec(ctx, sqlEnd, e.Job, state, reason)
}

func (c systemClaims) giveBack(ctx context.Context, e queue.Envelope, reason string) error {
	return c.exec(ctx, sqlGiveBack, e.Job, reason)
}

func (c systemClaims) exec(ctx context.Context, sql string, args ...any) error {
	return c.db.Across(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}
