package run_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
	"fitkit/shared/cron"
	"fitkit/shared/hook"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/socket"
	"fitkit/shared/tenancy"
)

// margin is T16's: no handler waits beyond its Lambda's deadline minus this.
const margin = 2 * time.Second

// TestEveryEdgeKeepsTimeToAnswerIn: whatever a handler waits for by its context ends two seconds before Lambda's deadline, by
// the time limit that its operation declares. It was seen red for crons, hooks and sockets, which had no margin, and for the
// others, which had less.
func TestEveryEdgeKeepsTimeToAnswerIn(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	org := id.New[id.Org]()
	db.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 'studio')", org)
	start := func(op run.Declared) *run.App {
		app, err := run.New(op, func(name string) string {
			return map[string]string{"STAGE": "test", "DATABASE_URL": db.AppURL, "SYSTEM_DATABASE_URL": db.SystemURL}[name]
		})
		if err != nil {
			t.Fatal(err)
		}
		return app
	}
	var ends time.Time // of the handler's context
	note := func(ctx context.Context) { ends, _ = ctx.Deadline() }

	apiOp := api.Op{Name: "api-room-get", Method: api.GET, Path: "/v1/room", Public: true}
	hookOp := hook.Op{Name: "hook-room-provider", Path: "/hooks/room", Status: 200}
	socketOp := socket.Op{Name: "socket-room-connect", Route: socket.RouteConnect}
	jobOp := job.Op{Name: "job-org-apply-clerk-event", Needs: []need.Need{need.Postgres}}
	cronOp := cron.Op{Name: "cron-room-clean", Schedule: "rate(1 hour)"}
	for name, edge := range map[string]struct {
		op   run.Declared
		call func(ctx context.Context) error
	}{
		"api": {apiOp, func(ctx context.Context) error {
			h := api.Handler(api.New(apiOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*struct{}, error) { note(ctx); return nil, nil }), api.Deps{})
			_, err := api.Lambda(apiOp.Name, 0, h).Invoke(ctx, []byte(`{"version":"2.0","rawPath":"/v1/room","requestContext":{"http":{"method":"GET","path":"/v1/room"}}}`))
			return err
		}},
		"hook": {hookOp, func(ctx context.Context) error {
			h := hook.New(hookOp, func(ctx context.Context, _ hook.Request) error { note(ctx); return nil })
			_, err := hook.Lambda(h)(ctx, events.APIGatewayV2HTTPRequest{})
			return err
		}},
		"socket": {socketOp, func(ctx context.Context) error {
			h := socket.Connect(socketOp, nil, func(ctx context.Context, _ socket.Handshake) error { note(ctx); return nil })
			_, err := socket.Lambda(h)(ctx, events.APIGatewayWebsocketProxyRequest{})
			return err
		}},
		"job": {jobOp, func(ctx context.Context) error {
			e := queue.Envelope{Version: queue.Version, Job: id.New[id.Job](), Org: org, Queue: string(jobOp.Queue()), Payload: json.RawMessage("{}")}
			db.Exec(t, "insert into jobs (id, org_id, queue, dedupe_key, payload) values ($1, $2, $3, 'k', '{}')", e.Job, org, e.Queue)
			body, err := json.Marshal(e)
			if err != nil {
				return err
			}
			h := job.New(jobOp, func(ctx context.Context, _ tenancy.Caller, _ struct{}) error { note(ctx); return nil })
			_, err = job.Lambda(start(jobOp), h)(ctx, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(body)}}})
			return err
		}},
		"cron": {cronOp, func(ctx context.Context) error {
			h := cron.New(cronOp, func(ctx context.Context) (int64, error) { note(ctx); return 0, nil })
			_, err := cron.Lambda(start(cronOp), h)(ctx, cron.Event{})
			return err
		}},
	} {
		ends = time.Time{}
		deadline := time.Now().Add(edge.op.Spec().Timeout)
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		err := edge.call(ctx)
		cancel()
		if left := deadline.Sub(ends); err != nil || ends.IsZero() || left < margin {
			t.Errorf("%s: %v; of %s it keeps %s", name, err, edge.op.Spec().Timeout, left)
		}
	}
}
