package midway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/clock"
	"fitkit/shared/cron"
	"fitkit/shared/hook"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/socket"
	"fitkit/shared/tenancy"
)

type body = map[string]any

// asked is a request: path is the value of the path's parameter, subject what done is asked about.
type asked struct {
	path    string
	body    any
	header  map[string]string
	subject any
}

// write is the flow of an endpoint. A repeat is the same request with the same Idempotency-Key.
func write(op api.Op, wire func(w *world, app *run.App) api.Endpoint, arrange func(w *world) asked) flow {
	return flow{start: func(_ *testing.T, w *world) func() (func() error, any) {
		app := w.app(op)
		deps := api.Deps{Verifier: signedIn{"org_" + w.Org.String()}, HashKey: "of no function"}
		endpoint := wire(w, app)
		if !op.Public {
			deps.DB, deps.Admins = w.DB, w.System
		}
		if needsDB(app) {
			deps.DB = w.db(app)
		}
		h := api.Handler(endpoint, deps)
		return func() (func() error, any) {
			a, key := arrange(w), id.New[id.Event]().String()
			return func() error {
				var payload []byte
				if a.body != nil {
					payload, _ = json.Marshal(a.body)
				}
				path := op.Path
				if before, rest, ok := strings.Cut(op.Path, "{"); ok {
					_, after, _ := strings.Cut(rest, "}")
					path = before + a.path + after
				}
				r := httptest.NewRequest(op.Method, path, bytes.NewReader(payload))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+caller(op))
				r.Header.Set("Idempotency-Key", key)
				for name, value := range a.header {
					r.Header.Set(name, value)
				}
				answer := httptest.NewRecorder()
				h.ServeHTTP(answer, r)
				if answer.Code >= 300 {
					return fmt.Errorf("%d %s", answer.Code, answer.Body)
				}
				return nil
			}, a.subject
		}
	}}
}

func needsDB(app *run.App) bool {
	for _, n := range app.Spec.Needs {
		if n.Kind == "postgres" {
			return true
		}
	}
	return false
}

// caller is somebody whom the route takes.
func caller(op api.Op) string {
	for _, r := range op.Roles {
		if r == tenancy.PlatformAdmin {
			return admin
		}
	}
	return owner
}

// signedIn is anybody, who has just proved who they are; a token is a Clerk user.
type signedIn struct{ org string }

func (s signedIn) Verify(_ context.Context, token string) (auth.Session, error) {
	zero := 0
	session := auth.Session{UserID: token, SessionID: "sess_test", Factors: auth.FactorAges{First: &zero, Second: &zero}}
	if token != admin {
		session.Org = &auth.Org{ID: s.org, Role: "org:admin"}
	}
	return session, nil
}

var errGivenBack = errors.New("the message was given back")

// work is the flow of a job. A repeat is the same message, received again when the lease has run out.
func work(op job.Op, wire func(w *world, app *run.App) job.Handler, arrange func(w *world) (payload, subject any)) flow {
	return flow{start: func(t *testing.T, w *world) func() (func() error, any) {
		app := w.app(op)
		call := job.Lambda(app, wire(w, app))
		return func() (func() error, any) {
			payload, subject := arrange(w)
			text, _ := json.Marshal(payload)
			e := queue.Envelope{Version: queue.Version, Job: id.New[id.Job](), Queue: string(op.Queue()), Payload: text}
			if !op.System {
				e.Org = w.Org
			}
			w.Exec(t, `insert into jobs (id, org_id, queue, dedupe_key, payload, sent_at)
					values ($1::uuid, $2, $3, $1::uuid::text, $4, now())`, e.Job, e.Org, e.Queue, string(text))
			message, _ := json.Marshal(e)
			receives := 0
			return func() error {
				receives++
				out, err := call(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(message),
					Attributes: map[string]string{"ApproximateReceiveCount": fmt.Sprint(receives)}}}})
				if err == nil && len(out.BatchItemFailures) > 0 {
					err = errGivenBack
				}
				if state := postgrestest.Get[string](t, w.Database, "select state from jobs where id = $1", e.Job); err == nil && state != "done" {
					err = fmt.Errorf("the message is forgotten and its job is %s", state)
				}
				return err
			}, subject
		}
	}}
}

// schedule is the flow of a cron. A repeat is its next run.
func schedule(op cron.Op, wire func(w *world, app *run.App) cron.Handler, arrange func(w *world) (subject any)) flow {
	return flow{start: func(_ *testing.T, w *world) func() (func() error, any) {
		app := w.app(op)
		call := cron.Lambda(app, wire(w, app))
		slot := clock.Real()
		return func() (func() error, any) {
			subject := arrange(w)
			return func() error {
				slot = slot.Add(time.Minute)
				_, err := call(context.Background(), cron.Event{Slot: slot})
				return err
			}, subject
		}
	}}
}

// notice is the flow of a webhook. A repeat is the same message, posted again.
func notice(op hook.Op, wire func(w *world, app *run.App) hook.Handler, arrange func(w *world) (message events.APIGatewayV2HTTPRequest, subject any)) flow {
	return flow{start: func(_ *testing.T, w *world) func() (func() error, any) {
		call := hook.Lambda(wire(w, w.app(op)))
		return func() (func() error, any) {
			message, subject := arrange(w)
			return func() error {
				answer, err := call(context.Background(), message)
				if err == nil && answer.StatusCode != op.Status {
					err = fmt.Errorf("%d %s", answer.StatusCode, answer.Body)
				}
				return err
			}, subject
		}
	}}
}

// onSocket is the flow of a WebSocket's route. A repeat is the same event.
func onSocket(op socket.Op, wire func(w *world, app *run.App) socket.Handler, status int, arrange func(w *world) events.APIGatewayWebsocketProxyRequest) flow {
	return flow{start: func(_ *testing.T, w *world) func() (func() error, any) {
		call := socket.Lambda(wire(w, w.app(op)))
		return func() (func() error, any) {
			event := arrange(w)
			return func() error {
				answer, err := call(context.Background(), event)
				if err == nil && answer.StatusCode != status {
					err = fmt.Errorf("%d", answer.StatusCode)
				}
				return err
			}, nil
		}
	}}
}

// seedSecret and hookSecret are of functions that nobody else calls.
const (
	seedSecret = "a-secret-of-the-midway-tests-0123456789abcdef"
	hookSecret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LTMyLWJ5dGVzISE="
)

// must is a value whose error ends the test.
func must[T any](w *world) func(T, error) T {
	return func(v T, err error) T {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
		return v
	}
}

// named is one of several ways through a function.
func named(name string, f flow) flow { f.name = name; return f }

// steps is a flow that commits in steps: done is its whole effect.
func steps(done string, f flow) flow { f.done = done; return f }

// settledBy is a flow that schedules end when it was cut short.
func settledBy(settle func(*world), f flow) flow { f.settle = settle; return f }

// repeat settles nothing: what the function could not write beside its answer, the same request writes when it comes again.
func repeat(*world) {}

// reads is a flow that writes nothing, and why.
func reads(why string, f flow) flow { f.nothing = why; return f }

// refused is a flow that ends in a refusal, with its effect.
func refused(status, done string, f flow) flow {
	start := f.start
	f.done = done
	f.start = func(t *testing.T, w *world) func() (func() error, any) {
		arrange := start(t, w)
		return func() (func() error, any) {
			run, subject := arrange()
			return func() error {
				err := run()
				if err != nil && strings.HasPrefix(err.Error(), status) {
					return nil
				}
				return err
			}, subject
		}
	}
	return f
}
