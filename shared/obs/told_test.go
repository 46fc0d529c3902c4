package obs_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/fail"
	"fitkit/shared/hook"
	"fitkit/shared/obs"
	"fitkit/shared/obs/posthog"
	"fitkit/shared/obs/sentry"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// toldCanaries are what people and programs send by mistake. The card's numbers may be the whole of a correlation id.
var toldCanaries = map[string]string{
	"a card number":            "4580458045804580",
	"a card number in fours":   "4580-4580-4580-4580",
	"a national ID":            "314159265",
	"a session token":          "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyX2NhbmFyeSJ9.c2lnbmF0dXJlLWNhbmFyeQ",
	"a database URL":           "postgres://canary:tweety-password@db.example.com/fitkit",
	"a presigned URL":          "https://r2.example.com/x?X-Amz-Signature=cafecafecafecanary",
	"an e-mail address":        "tweety.canary@example.com",
	"a telephone number":       "+972541234567",
	"an API key, with a quote": `sk-canary-"quoted"/slashed`,
	"a Hebrew name":            "קנרית סודית",
}

// receiver is a vendor that keeps every byte of what it is sent: address, headers and body.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, fmt.Sprint(req.URL, req.Header, string(body)))
	}))
	t.Cleanup(r.Close)
	return r
}

// taken is what was received since it was last asked.
func (r *receiver) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// ending is how a handler that was given value ends.
type ending struct {
	end               func(value string) error
	reports, products int  // what the vendors hear of it
	quiet             bool // it keeps nothing of the value in the event, as real handlers do
}

var endings = map[string]ending{
	"well": {func(string) error { return nil }, 0, 1, false},
	"refused": {func(v string) error {
		return fail.Wrap(fail.New(fail.Invalid, "room.closed", "Closed.", "סגור."), "room %s", v)
	}, 0, 0, false},
	"with an error that says it": {func(v string) error { return errors.New("no room for " + v) }, 1, 0, false},
	"with a service that is down": {func(v string) error {
		return fail.Wrap(fail.New(fail.Unavailable, "room.away", "Try later.", "נסו שוב."), "ask for %s", v)
	}, 1, 0, false},
	"with a failed call": {func(v string) error { return &url.Error{Op: "Get", URL: v, Err: io.ErrUnexpectedEOF} }, 1, 0, false},
	"with an error of the database": {func(v string) error {
		return &pgconn.PgError{Code: "22P02", Message: v, Detail: v, Hint: v, Where: v, ConstraintName: v}
	}, 1, 0, false},
	"with a panic that says it":      {func(v string) error { panic(v) }, 1, 0, false},
	"with a panic that is an error":  {func(v string) error { panic(fmt.Errorf("room %s", v)) }, 1, 0, false},
	"with a panic of a map of words": {func(v string) error { panic(map[string]string{v: v}) }, 1, 0, false},
}

// quietEndings repeat the value only where the edge must not take it from: a panic, and what a database adds to its message.
var quietEndings = map[string]ending{
	"well":                           {func(string) error { return nil }, 0, 1, true},
	"refused":                        {func(string) error { return fail.New(fail.Invalid, "room.closed", "Closed.", "סגור.") }, 0, 0, true},
	"with an error":                  {func(string) error { return errors.New("no room") }, 1, 0, true},
	"with a panic that says it":      {func(v string) error { panic(v) }, 1, 0, true},
	"with a panic that is an error":  {func(v string) error { panic(fmt.Errorf("room %s", v)) }, 1, 0, true},
	"with a panic of a map of words": {func(v string) error { panic(map[string]string{v: v}) }, 1, 0, true},
	"with an error of the database": {func(v string) error {
		return &pgconn.PgError{Code: "23505", Message: "duplicate key", Detail: v, Hint: v, Where: v, InternalQuery: v, ConstraintName: "rooms_name"}
	}, 1, 0, true},
}

type anybody struct{}

func (anybody) Verify(context.Context, string) (auth.Session, error) {
	return auth.Session{UserID: "user_1", SessionID: "sess_1", Org: &auth.Org{ID: "org_1", Role: "org:admin"}}, nil
}

type roomInput struct {
	Name  string `path:"name"`
	Query string `query:"query"`
	Body  struct {
		Note string `json:"note"`
	}
}

// room is an endpoint that keeps the value as a fact of its own and ends so.
func room(e ending) func(t *testing.T, value string) {
	op := api.Op{Name: "api-room-open", Method: api.POST, Path: "/v1/rooms/{name}", Read: true, Roles: tenancy.Staff}
	h := api.Handler(api.New(op, func(ctx context.Context, _ api.Caller, in *roomInput) (*roomInput, error) {
		obs.Capture(ctx, obs.Product{Event: "room_opened", ID: "0195-r", Org: "0195-o", Codes: map[string]string{"room_type": "hall"}})
		if !e.quiet {
			obs.Add(ctx, "note", in.Body.Note)
		}
		return in, e.end(in.Body.Note)
	}), api.Deps{Verifier: anybody{}})
	call := api.Lambda(op.Name, op.Timeout, h)
	return func(t *testing.T, value string) {
		body, err := json.Marshal(map[string]string{"note": value})
		if err != nil {
			t.Fatal(err)
		}
		path := "/v1/rooms/" + strings.ReplaceAll(value, "/", "_")
		ev := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "POST /v1/rooms/{name}", RawPath: path, Body: string(body),
			RawQueryString: url.Values{"query": {value}}.Encode(), Headers: carrying(value)}
		ev.RequestContext.HTTP.Method, ev.RequestContext.HTTP.Path, ev.RequestContext.HTTP.UserAgent = api.POST, path, value
		payload, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call.Invoke(t.Context(), payload); err != nil {
			t.Fatal(err)
		}
	}
}

// doorbell is a webhook that ends so.
func doorbell(e ending) func(t *testing.T, value string) {
	h := hook.Lambda(hook.New(hook.Op{Name: "hook-room-ring", Status: 200}, func(ctx context.Context, r hook.Request) error {
		if !e.quiet {
			obs.Add(ctx, "note", string(r.Body))
		}
		err := e.end(string(r.Body))
		if err == nil {
			obs.Capture(ctx, obs.Product{Event: "bell_rung", ID: "0195-b", Org: "0195-o"})
		}
		return err
	}))
	return func(t *testing.T, value string) {
		ev := events.APIGatewayV2HTTPRequest{RouteKey: "POST /v1/bells/{token}", RawPath: "/v1/bells/" + value, RawQueryString: value, Body: value, Headers: carrying(value),
			PathParameters: map[string]string{"token": value}}
		if _, err := h(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
}

func carrying(value string) map[string]string {
	return map[string]string{"authorization": "Bearer " + value, "content-type": "application/json", "user-agent": value, "x-correlation-id": value,
		"idempotency-key": value, "referer": value, "x-forwarded-for": value, "traceparent": value, "cookie": value}
}

// TestSentryAndPostHogAreToldNothingThatACallerWrote (S9): every canary goes into the path, the query, the headers, the body and
// the correlation id, and from there into errors, panics and facts. The bytes that both vendors get have none, in any spelling.
// It was seen red with the error's text among the facts that are told, with a panic's value as its code, with a correlation id
// of digits taken as it came, and when what a panic undid was told as a product event.
func TestSentryAndPostHogAreToldNothingThatACallerWrote(t *testing.T) {
	errorsAt, productsAt := newReceiver(t), newReceiver(t)
	obs.Redirect(io.Discard)
	obs.ProductsTo(posthog.New(productsAt.URL, "phc_known", "test").Send)
	t.Cleanup(func() {
		obs.Redirect(os.Stdout)
		obs.ReportTo(nil)
		obs.ProductsTo(nil)
	})
	for _, edge := range edges {
		for _, ends := range slices.Sorted(maps.Keys(endings)) {
			t.Run(edge.name+" ends "+ends, func(t *testing.T) {
				e := endings[ends]
				call := edge.calls(e)
				for what, value := range toldCanaries {
					client, err := sentry.New(secret.Secret(strings.Replace(errorsAt.URL, "http://", "http://public@", 1)+"/42"), "test") // a new one: it is told of five a minute
					if err != nil {
						t.Fatal(err)
					}
					obs.ReportTo(client.Report)
					call(t, value)
					reports, products := errorsAt.taken(), productsAt.taken()
					if len(reports) != e.reports || len(products) != e.products {
						t.Errorf("%s: %d reports and %d batches of products, want %d and %d", what, len(reports), len(products), e.reports, e.products)
					}
					for _, told := range append(reports, products...) {
						for _, form := range toldForms(t, value) {
							if strings.Contains(told, form) {
								t.Errorf("it tells %s, as %s: %s", what, form, told)
							}
						}
					}
				}
			})
		}
	}
}

var edges = []struct {
	name  string
	calls func(ending) func(*testing.T, string)
}{{"an endpoint", room}, {"a webhook", doorbell}}

// TestTheLogHoldsNothingThatACallerWrote (S9): the same requests, to handlers that keep nothing of them. What the function writes to standard
// output has no canary in any spelling: not of the path, the query, the headers or the body, not of a panic, and not of what a database
// tells beside its message. It was seen red with the path in place of the route, with a panic's value beside its stack, and with a correlation
// id of digits taken as it came.
func TestTheLogHoldsNothingThatACallerWrote(t *testing.T) {
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	for _, edge := range edges {
		for _, ends := range slices.Sorted(maps.Keys(quietEndings)) {
			t.Run(edge.name+" ends "+ends, func(t *testing.T) {
				call := edge.calls(quietEndings[ends])
				for what, value := range toldCanaries {
					var log bytes.Buffer
					obs.Redirect(&log)
					call(t, value)
					if !strings.Contains(log.String(), `"msg":"invocation"`) {
						t.Fatalf("no event: %s", log.String())
					}
					for _, form := range toldForms(t, value) {
						if strings.Contains(log.String(), form) {
							t.Errorf("it holds %s, as %s: %s", what, form, log.String())
						}
					}
				}
			})
		}
	}
}

// toldForms are the ways in which value could stand in what is sent.
func toldForms(t *testing.T, value string) []string {
	t.Helper()
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{value, strings.Trim(string(quoted), `"`), url.QueryEscape(value), url.PathEscape(value), strings.ReplaceAll(value, "/", "_"),
		strings.Trim(fmt.Sprintf("%+q", value), `"`)}
	for shift := range 3 { // base64 has three spellings, by where the value begins; the ends depend on what is around
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
		text = text[(shift*8+5)/6 : (shift+len(value))*8/6]
		forms = append(forms, text, strings.NewReplacer("+", "-", "/", "_").Replace(text))
	}
	return forms
}
