package outbox

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/clock"
	"fitkit/shared/config"
	"fitkit/shared/crash"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// From is the function's sender.
func From(app *run.App) *Sender {
	return run.Once(app, "sqs", func() *Sender {
		q := run.Section[config.Queues](app)
		keys := aws.Credentials{AccessKeyID: q.KeyID, SecretAccessKey: q.KeySecret.Reveal(), SessionToken: q.KeyToken.Reveal()}
		return NewSender(Config{
			URLPrefix: q.URLPrefix, Endpoint: q.Endpoint, Region: app.Core.Region,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
		})
	})
}

// Postgres is the function's database, which sends a transaction's jobs right after its commit. What cannot be sent
// then stays in the table for the relay: a queue that is down delays work and loses none.
func Postgres(app *run.App) *postgres.DB {
	db, sender := postgres.From(app), From(app)
	db.OnCommit(deliver(sender, func(ctx context.Context, jobs []postgres.Staged, sent []id.Job) error {
		return MarkSent(ctx, db, jobs[0].Org, sent)
	}))
	return db
}

// System is the same for the system role, whose jobs belong to no organisation or to several.
func System(app *run.App) *postgres.SystemDB {
	db, sender := postgres.SystemFrom(app), From(app)
	db.OnCommit(deliver(sender, func(ctx context.Context, _ []postgres.Staged, sent []id.Job) error {
		return MarkSentAcross(ctx, db, sent)
	}))
	return db
}

// sendWithin is how long an answer waits for SQS to take the work that it caused; the relay sends what it has not taken.
const sendWithin = 3 * time.Second

func deliver(sender *Sender, mark func(context.Context, []postgres.Staged, []id.Job) error) postgres.Sender {
	return func(ctx context.Context, jobs []postgres.Staged) {
		crash.At("before follow-up sent")
		sending, cancel := context.WithTimeout(ctx, sendWithin)
		sent, err := sender.Send(sending, clock.Real(), jobs)
		cancel()
		if err != nil {
			obs.Add(ctx, "outbox_left_to_relay", err.Error())
		}
		crash.At("after follow-up sent")
		if err := mark(ctx, jobs, sent); err != nil {
			obs.Add(ctx, "outbox_unmarked", err.Error())
		}
	}
}

const (
	sqlMarkSent       = `update jobs set sent_at = now() where org_id = app.org() and id = any($1::uuid[]) and state = 'ready' and sent_at is null`
	sqlMarkSentAcross = `update jobs set sent_at = now() where id = any($1::uuid[]) and state = 'ready' and sent_at is null`
)

// MarkSent notes that SQS has the messages of these jobs of one organisation.
func MarkSent(ctx context.Context, db *postgres.DB, org id.Org, sent []id.Job) error {
	if len(sent) == 0 {
		return nil
	}
	b := &postgres.Batch{}
	b.Queue(sqlMarkSent, texts(sent))
	_, err := db.WriteInOrg(ctx, tenancy.ForOrg(org, "outbox"), b)
	return err
}

// MarkSentAcross notes that SQS has the messages of these jobs, of whatever organisation.
func MarkSentAcross(ctx context.Context, db *postgres.SystemDB, sent []id.Job) error {
	if len(sent) == 0 {
		return nil
	}
	return db.Across(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlMarkSentAcross, texts(sent))
		return err
	})
}

func texts(ids []id.Job) []string {
	out := make([]string, len(ids))
	for i, one := range ids {
		out[i] = one.String()
	}
	return out
}
