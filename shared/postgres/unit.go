package postgres

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/tenancy"
)

// Errors of the Idempotency-Key (the IETF HTTPAPI draft's rules).
var (
	ErrKeyReused = fail.New(fail.Invalid, "idempotency.key_reused", "This Idempotency-Key was used for another request. Use a new key for a new request.",
		"מפתח האידמפוטנטיות כבר שימש לבקשה אחרת. השתמשו במפתח חדש לבקשה חדשה.")
	ErrInProgress = fail.New(fail.Conflict, "idempotency.in_progress", "The first request with this Idempotency-Key is still running. Ask again in a few seconds.",
		"הבקשה הראשונה עם מפתח זה עדיין רצה. נסו שוב בעוד כמה שניות.").After(2 * time.Second)
)

// Key is a write's Idempotency-Key and what it stands for.
type Key struct {
	Value     string
	Operation string
	SHA       []byte // of the request
	Lasting   bool   // held for more than a year, not for a day
}

// Answer is a stored answer, given again to a repeated request.
type Answer struct {
	Status int
	Body   []byte
}

// Replayed is the error by which a repeated request leaves its handler: the answer stands already.
type Replayed struct{ Answer Answer }

func (*Replayed) Error() string { return "answered before under the same Idempotency-Key" }

// Unit is the one transaction of a write request. The store methods' InOrg join it; the edge ends it: Finish stores
// the answer and commits, both in one round trip, so that effect and answer can never part.
//
// With Steps the unit only holds the key: each InOrg commits by itself, for the few requests that call a provider
// between two transactions. A refusal or a provider's failure gives the key back, so that the same request may be sent
// again at once; a crash leaves a key without an answer, and after its lease the request may run again. Such handlers
// are written to be run again. Each step renews the lease; a worker who comes back after another took the key writes
// nothing more, neither a step nor an answer: the other's are the request's.
type Unit struct {
	db     *DB
	key    Key
	steps  bool
	s      *session
	failed bool
	held   bool      // with steps: the key is committed and has no answer
	lease  time.Time // as the key's row has it; a later claim's is later, so it says whose the key is
}

type unitKey struct{}

// Begin puts a Unit for c into the context. Nothing is sent until the first InOrg.
func (db *DB) Begin(ctx context.Context, c tenancy.Caller, key Key, steps bool) (context.Context, *Unit) {
	u := &Unit{db: db, key: key, steps: steps, s: &session{pool: db.pool(), caller: &c}}
	return context.WithValue(ctx, unitKey{}, u), u
}

func unitFrom(ctx context.Context) *Unit {
	u, _ := ctx.Value(unitKey{}).(*Unit)
	return u
}

// join runs fn in the request's transaction. An error ends the unit: nothing of it will commit.
func (u *Unit) join(ctx context.Context, fn func(Tx) error) error {
	if u.failed {
		return errUnitOver
	}
	if !u.s.began && !u.s.done {
		if err := u.claim(ctx); err != nil {
			return u.fail(err)
		}
	}
	if u.steps {
		return u.step(ctx, fn)
	}
	if err := fn(Tx{u.s}); err != nil {
		return u.fail(err)
	}
	return nil
}

var errUnitOver = errors.New("the request's transaction has failed; nothing more can be written in it")

func (u *Unit) fail(err error) error {
	u.failed = true
	u.s.release()
	return mapError(err)
}

const (
	sqlClaimKey = `
insert into idempotency_keys as k (org_id, actor, key, operation, request_sha, lease_until, lasting)
values (app.org(), app.actor(), $1, $2, $3, now() + $4::interval, $5)
on conflict (org_id, actor, key) do update set lease_until = now() + $4::interval
  where k.status is null and k.request_sha = $3 and k.lease_until < now()
returning lease_until`
	sqlReadKey = `
select request_sha, operation, status, body from idempotency_keys
where org_id = app.org() and actor = app.actor() and key = $1`
	sqlStoreAnswer = `
update idempotency_keys set status = $2, body = $3 where org_id = app.org() and actor = app.actor() and key = $1`
)

// claim takes the key, or finds out what became of the request that took it first. A concurrent request waits here
// for the first one's commit.
func (u *Unit) claim(ctx context.Context) error {
	var (
		mine      bool
		sha, body []byte
		operation string
		status    *int
	)
	b := &pgx.Batch{}
	b.Queue(sqlClaimKey, u.key.Value, u.key.Operation, u.key.SHA, KeyLease.String(), u.key.Lasting).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&u.lease)
		mine = err == nil
		if NoRows(err) {
			return nil
		}
		return err
	})
	b.Queue(sqlReadKey, u.key.Value).QueryRow(func(row pgx.Row) error { return row.Scan(&sha, &operation, &status, &body) })
	if err := (Tx{u.s}).Send(ctx, b); err != nil {
		return err
	}
	switch {
	case mine:
		return nil
	case !bytes.Equal(sha, u.key.SHA) || operation != u.key.Operation:
		return ErrKeyReused
	case status != nil:
		return &Replayed{Answer{*status, body}}
	}
	return ErrInProgress
}

// Finish stores the answer and commits. A request that wrote nothing has nothing to store.
func (u *Unit) Finish(ctx context.Context, a Answer) error {
	if u.steps {
		return u.finishSteps(ctx, a)
	}
	if !u.s.began || u.failed {
		return nil
	}
	defer u.s.release()
	b := &pgx.Batch{}
	b.Queue(sqlStoreAnswer, u.key.Value, a.Status, a.Body)
	b.Queue("commit").Exec(commitTag)
	if err := (Tx{u.s}).Send(ctx, b); err != nil {
		return mapError(err)
	}
	u.db.committed(ctx, u.s.staged)
	return nil
}

// Abandon rolls back what is open, and gives a key back that has no answer; safe to call after Finish.
func (u *Unit) Abandon(ctx context.Context) {
	u.s.release()
	if !u.held {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	b := &Batch{}
	b.Queue(sqlFreeKey, u.key.Value, u.lease)
	_, _ = u.db.WriteInOrg(ctx, *u.s.caller, b) // the key's lease ends by itself
}
