package job

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// claims is the job rows as the edge needs them: taken, given back, ended.
type claims interface {
	// claim takes the row's lease. taken is false when somebody else holds it or the job has ended.
	claim(ctx context.Context, e queue.Envelope, lease time.Duration) (taken, ended bool, payload []byte, err error)
	end(ctx context.Context, e queue.Envelope, state, reason string) error
	giveBack(ctx context.Context, e queue.Envelope, reason string) error
}

const (
	sqlClaim = `
update jobs set lease_until = now() + $2::interval, attempts = attempts + 1, sent_at = coalesce(sent_at, now())
where id = $1 and state = 'ready' and (lease_until is null or lease_until < now())
returning payload`
	sqlState    = `select state <> 'ready' from jobs where id = $1`
	sqlEnd      = `update jobs set state = $2, finished_at = now(), lease_until = null, last_error = $3 where id = $1 and state = 'ready'`
	sqlGiveBack = `update jobs set lease_until = null, last_error = $2 where id = $1 and state = 'ready'`
)

// orgClaims reads the rows as the app role, inside the message's organisation: a message that names another
// organisation's job finds nothing.
type orgClaims struct{ db *postgres.DB }

func queueClaim(b *pgx.Batch, job id.Job, lease time.Duration, taken, ended *bool, payload *[]byte) {
	b.Queue(sqlClaim, job, lease.String()).QueryRow(func(row pgx.Row) error {
		err := row.Scan(payload)
		*taken = err == nil
		if postgres.NoRows(err) {
			return nil
		}
		return err
	})
	b.Queue(sqlState, job).QueryRow(func(row pgx.Row) error { return row.Scan(ended) })
}

func (c orgClaims) claim(ctx context.Context, e queue.Envelope, lease time.Duration) (taken, ended bool, payload []byte, err error) {
	b := &postgres.Batch{}
	queueClaim(&b.Batch, e.Job, lease, &taken, &ended, &payload)
	_, err = c.db.WriteInOrg(ctx, tenancy.ForOrg(e.Org, "job"), b)
	return taken, ended, payload, err
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

func (c systemClaims) claim(ctx context.Context, e queue.Envelope, lease time.Duration) (taken, ended bool, payload []byte, err error) {
	err = c.db.Across(ctx, func(tx postgres.Tx) error {
		b := &pgx.Batch{}
		queueClaim(b, e.Job, lease, &taken, &ended, &payload)
		return tx.Send(ctx, b)
	})
	return taken, ended, payload, err
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
