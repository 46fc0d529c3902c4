// Package queue writes work into the jobs table, the outbox, and sends it to SQS. A job's row is inserted in the
// business transaction, so work exists exactly when its cause does; the message only wakes the consumer up.
package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
)

// Name is a queue: its job function without the trigger, "billing-execute-charge".
type Name string

// Job is work to be done once.
type Job struct {
	Queue       Name
	Dedupe      string        // a second job with the same key in the same queue and organisation is not made
	Payload     any           // marshalled to JSON: ids only, never personal data or secrets
	Correlation string        // of the work that causes it; the running one's by default
	Delay       time.Duration // by the real clock
}

const sqlInsertJob = `
insert into jobs (id, org_id, queue, dedupe_key, payload, correlation, available_at)
values ($1, app.org(), $2, $3, $4, $5, now() + $6::interval)
on conflict on constraint jobs_once do nothing returning available_at`

// Enqueue inserts the job in tx. It is sent after commit. A job that exists already is left as it is.
func Enqueue(ctx context.Context, tx postgres.Tx, j Job) error {
	j.Correlation = cmp.Or(j.Correlation, obs.Correlation(ctx))
	s, err := staged(j)
	if err != nil {
		return err
	}
	err = tx.QueryRow(ctx, sqlInsertJob, s.args(j)...).Scan(&s.AvailableAt)
	if postgres.NoRows(err) {
		return nil
	}
	if err != nil {
		return fail.Wrap(err, "enqueue %s", j.Queue)
	}
	s.Org = tx.Entered().Org
	tx.Stage(s.Staged)
	return nil
}

// EnqueueBatch queues the insert into b, for flows that travel as one batch. org is the batch's organisation.
func EnqueueBatch(b *postgres.Batch, org id.Org, j Job) error {
	s, err := staged(j)
	if err != nil {
		return err
	}
	s.Org = org
	b.Queue(sqlInsertJob, s.args(j)...).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&s.AvailableAt)
		if postgres.NoRows(err) {
			return nil
		}
		if err == nil {
			b.Stage(s.Staged)
		}
		return err
	})
	return nil
}

type insert struct{ postgres.Staged }

func staged(j Job) (*insert, error) {
	payload, err := json.Marshal(j.Payload)
	if err != nil {
		return nil, fail.Wrap(err, "marshal the payload of %s", j.Queue)
	}
	return &insert{postgres.Staged{ID: id.New[id.Job](), Queue: string(j.Queue), Payload: payload, Correlation: j.Correlation}}, nil
}

func (s *insert) args(j Job) []any {
	return []any{s.ID, s.Queue, j.Dedupe, string(s.Payload), s.Correlation, j.Delay.String()}
}
