package outbox_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/hook"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// op is a function that enqueues work, wired as a main wires it.
var op = hook.Op{Name: "hook-room-provider", Path: "/hooks/room", Status: 202,
	Needs: []need.Need{need.Postgres, need.SystemPostgres, need.Send("room-clean")}}

// TestAQueueThatFailsDelaysWorkAndLosesNone (T16): what was committed is answered as ever, its job stays in the table, and the
// relay, which fails too, leaves every row for its next run. It was seen red without the sender's time limit (the answer took
// all of the function's time), and with a relay that asked for every ten jobs of 300 again.
func TestAQueueThatFailsDelaysWorkAndLosesNone(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		db := postgrestest.New(t)
		org := id.New[id.Org]()
		db.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 'studio')", org)
		app, err := run.New(op, func(name string) string {
			return map[string]string{"STAGE": "test", "DATABASE_URL": db.AppURL, "SYSTEM_DATABASE_URL": db.SystemURL, "QUEUE_URL_PREFIX": o.URL + "/000000000000/",
				"SQS_ENDPOINT_URL": o.URL, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}[name]
		})
		if err != nil {
			t.Fatal(err)
		}
		mine := outbox.Postgres(app)
		t.Cleanup(mine.Close)
		work := hook.New(op, func(ctx context.Context, _ hook.Request) error {
			return mine.InOrg(ctx, tenancy.ForOrg(org, "hook"), func(tx postgres.Tx) error {
				return queue.Enqueue(ctx, tx, queue.Job{Queue: "room-clean", Dedupe: "once", Payload: json.RawMessage("{}")})
			})
		})
		got, err := hook.Lambda(work)(o.Context(t), events.APIGatewayV2HTTPRequest{})
		if err != nil || got.StatusCode != op.Status {
			t.Fatalf("answered %d %s, %v", got.StatusCode, got.Body, err)
		}
		if n := o.Asked(); n > retry.Tries {
			t.Errorf("SQS was asked %d times for one message", n)
		}

		db.Exec(t, "insert into jobs (org_id, queue, dedupe_key, payload) select $1, 'room-clean', i::text, '{}' from generate_series(1, 299) i", org)
		db.Exec(t, "update jobs set created_at = now() - interval '1 minute'")
		asked := o.Asked()
		if n, err := outbox.NewRelay(db.System, outbox.From(app)).Run(t.Context()); n != 0 || err == nil {
			t.Errorf("relayed %d, %v", n, err)
		}
		if n := o.Asked() - asked; n > retry.Tries {
			t.Errorf("SQS was asked %d times by one relay", n)
		}
		if n := postgrestest.Get[int](t, db, "select count(*) from jobs where state = 'ready' and sent_at is null"); n != 300 {
			t.Errorf("%d of 300 jobs wait for the relay's next run", n)
		}
	})
}
