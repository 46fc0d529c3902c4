package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// KeyLease is how long a Steps request may hold its key without a step or an answer: the longest API timeout and a margin,
// so that it cannot run out under a worker who lives.
const KeyLease = 35 * time.Second

const (
	sqlKeepKey = `
update idempotency_keys set lease_until = now() + $3::interval
where org_id = app.org() and actor = app.actor() and key = $1 and status is null and lease_until = $2
returning lease_until`
	sqlAnswerSteps = `
update idempotency_keys set status = $3, body = $4
where org_id = app.org() and actor = app.actor() and key = $1 and status is null and lease_until = $2`
	sqlFreeKey = `
update idempotency_keys set lease_until = now()
where org_id = app.org() and actor = app.actor() and key = $1 and status is null and lease_until = $2`
)

// step runs fn in a transaction of its own; the first shares the key's, and the others begin by making sure that it is held.
func (u *Unit) step(ctx context.Context, fn func(Tx) error) error {
	s, lease := u.s, u.lease
	if s.done {
		s = &session{pool: u.db.pool(), caller: u.s.caller}
	}
	err := transact(ctx, s, func(tx Tx) error {
		if u.s.done {
			err := tx.QueryRow(ctx, sqlKeepKey, u.key.Value, u.lease, KeyLease.String()).Scan(&lease)
			if NoRows(err) {
				return ErrInProgress
			}
			if err != nil {
				return err
			}
		}
		return fn(tx)
	})
	u.s.done, u.s.began = true, false
	if err != nil {
		return u.fail(err)
	}
	u.held, u.lease = true, lease
	u.db.committed(ctx, s.staged)
	return nil
}

// finishSteps refuses an answer that came too late: the next request with the key is told the one that counts.
func (u *Unit) finishSteps(ctx context.Context, a Answer) error {
	if !u.held {
		return nil
	}
	var stored bool
	b := &Batch{}
	b.Queue(sqlAnswerSteps, u.key.Value, u.lease, a.Status, a.Body).Exec(func(tag pgconn.CommandTag) error {
		stored = tag.RowsAffected() > 0
		return nil
	})
	_, err := u.db.WriteInOrg(ctx, *u.s.caller, b)
	u.held = err != nil
	if err == nil && !stored {
		return ErrInProgress
	}
	return err
}
