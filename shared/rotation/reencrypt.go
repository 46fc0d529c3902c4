package rotation

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/crash"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

// Step is one job of a rotation's chain: it goes on where the one before it ended.
type Step struct {
	Rotation id.Rotation `json:"rotation_id"`
	Chain    id.Event    `json:"chain"` // its own for each start and restart
	Number   int         `json:"number"`
	From     cursor      `json:"from"`
}

// cursor is how far a pass has come: the column, and the last row of it that was looked at. Rows behind it are done,
// were locked, or did not open; the pass's end counts the latter two.
type cursor struct {
	Column     int    `json:"column"`
	Org        string `json:"org,omitempty"`
	Row        string `json:"row,omitempty"`
	Unreadable int64  `json:"unreadable,omitempty"`
}

const (
	// batchSize bounds how many rows are locked at once, and for how long: some milliseconds.
	batchSize = 200
	// stepBatches bounds a job, so that one that dies often leaves its place to the next, with receives of its own.
	stepBatches = 25
	// handOver is left of the invocation for the hand-over.
	handOver = 5 * time.Second
	// soon and later are the waits before another pass. What a pass leaves was locked, or was written since by a function
	// that still has the former key; such a function goes with the deployment.
	soon, later = 5 * time.Second, time.Minute
	eagerPasses = 5
)

const (
	sqlRead  = `select ` + columns + ` from key_rotations where id = $1`
	sqlAdd   = `update key_rotations set resealed = resealed + $2 where id = $1`
	sqlPass  = `update key_rotations set passes = passes + 1, unreadable = $2 where id = $1 and state = 'running' returning passes`
	sqlClose = `update key_rotations set state = $2, finished_at = now() where id = $1 and state = 'running'`
)

// Reencrypt works on a rotation for as long as the invocation lasts, and hands on to the next step. A message seen twice
// finds its rows sealed anew; two workers on one step do each other no harm.
func (s *Store) Reencrypt(ctx context.Context, m Step) error {
	r, at, err := s.resume(ctx, m)
	if err != nil || r.State != Running {
		return err
	}
	if s.rings[r.Ring].ActiveKey() != r.Target {
		return ErrNotDeployed
	}
	for range stepBatches {
		if at.Column == len(seal.Columns(r.Ring)) {
			return s.endPass(ctx, r, m, at)
		}
		if at, err = s.batch(ctx, r, at); err != nil {
			return fail.Wrap(err, "seal a batch of %s anew", seal.Columns(r.Ring)[at.Column])
		}
		crash.At("batch committed")
		if run.Left(ctx) < handOver {
			break
		}
	}
	return s.across(ctx, "hand on the rotation", func(tx postgres.Tx) error {
		if err := enqueue(ctx, tx, Step{r.ID, m.Chain, m.Number + 1, at}, 0); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
}

// resume reads the rotation and how far the job had come when it was interrupted.
func (s *Store) resume(ctx context.Context, m Step) (r Rotation, at cursor, err error) {
	at = m.From
	err = s.across(ctx, "read the rotation", func(tx postgres.Tx) error {
		if r, err = scan(tx.QueryRow(ctx, sqlRead, m.Rotation)); err != nil {
			return err
		}
		return queue.Progress(ctx, tx, &at)
	})
	return r, at, err
}

// batch seals some rows anew and notes in the same transaction how far it came.
func (s *Store) batch(ctx context.Context, r Rotation, at cursor) (cursor, error) {
	column := seal.Columns(r.Ring)[at.Column]
	next := at
	err := s.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := lock(ctx, tx, column, r.Target, at)
		if err != nil {
			return err
		}
		crash.At("batch read")
		fresh := s.reseal(ctx, s.rings[r.Ring], column, rows)
		next.Unreadable += int64(len(rows) - len(fresh))
		n, err := replace(ctx, tx, column, r.Target, fresh)
		if err != nil {
			return err
		}
		crash.At("batch written")
		if len(rows) == batchSize {
			last := rows[len(rows)-1]
			next.Org, next.Row = last.Org.String(), last.Row.String()
		} else {
			next = cursor{Column: at.Column + 1, Unreadable: next.Unreadable}
		}
		if _, err := tx.Exec(ctx, sqlAdd, r.ID, n); err != nil {
			return err
		}
		return queue.SaveProgress(ctx, tx, next)
	})
	if err != nil {
		return at, err
	}
	return next, nil
}

// endPass ends the rotation when nothing is left, and begins another pass when something is.
func (s *Store) endPass(ctx context.Context, r Rotation, m Step, at cursor) error {
	return s.across(ctx, "end a pass of the rotation", func(tx postgres.Tx) error {
		var passes int
		if err := tx.QueryRow(ctx, sqlPass, r.ID, at.Unreadable).Scan(&passes); err != nil {
			if postgres.NoRows(err) { // superseded meanwhile
				return nil
			}
			return err
		}
		uses, err := s.usage(ctx, tx, r.Ring)
		if err != nil {
			return err
		}
		switch total, _ := left(uses); {
		case total == 0:
			_, err = tx.Exec(ctx, sqlClose, r.ID, Done)
		case total == at.Unreadable:
			obs.Failed(ctx, fmt.Errorf("%d sealed values of %s open under no key that is deployed", total, r.Ring))
			_, err = tx.Exec(ctx, sqlClose, r.ID, Blocked)
		default:
			err = enqueue(ctx, tx, Step{Rotation: r.ID, Chain: m.Chain, Number: m.Number + 1}, pause(passes))
		}
		if err != nil {
			return err
		}
		crash.At("pass ended")
		return queue.Done(ctx, tx)
	})
}

func pause(passes int) time.Duration {
	if passes <= eagerPasses {
		return soon
	}
	return later
}

func (s *Store) across(ctx context.Context, what string, fn func(postgres.Tx) error) error {
	return fail.Wrap(s.db.Across(ctx, fn), "%s", what)
}

// enqueue is exact about repeats: a step that hands on twice has one successor.
func enqueue(ctx context.Context, tx postgres.Tx, m Step, wait time.Duration) error {
	return queue.Enqueue(ctx, tx, queue.Job{Queue: Queue, Dedupe: fmt.Sprintf("rotation:%s:%s:%d", m.Rotation, m.Chain, m.Number), Payload: m, Delay: wait})
}
