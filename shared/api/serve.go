package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"fitkit/shared/auth"
	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/secret"
)

// Serve answers invocations until Lambda ends the process.
func Serve(app *run.App, e Endpoint) {
	deps := Deps{}
	if !e.Op.Public {
		deps.Verifier = auth.From(app)
	}
	if e.Op.keyed() || e.Op.PerMinute > 0 {
		deps.DB = postgres.From(app)
	}
	if e.Op.seals() {
		deps.HashKey = hashKey(app, e.Op)
	}
	if e.Op.admin() {
		deps.Admins = postgres.SystemFrom(app)
	}
	// Registration costs a millisecond of reflection; it goes on while Lambda is asked for the first event, which waits for it.
	made := sync.OnceValue(func() http.Handler { return Handler(e, deps) })
	app.Beside(func() { made() })
	app.Serve(Lambda(e.Op.Name, e.Op.Timeout, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { made().ServeHTTP(w, r) })))
}

// hashKey is a key that the function has anyway. The index key comes first: it never rotates.
func hashKey(app *run.App, op Op) secret.Secret {
	if slices.Contains(op.Needs, need.NationalIDIndex) {
		return run.Section[config.NationalIDIndex](app).Key
	}
	return run.Section[config.PaymentKeys](app).Active
}

// Deps is what the edge needs of a process: DB for keyed writes and limits, Verifier for signed-in routes, Admins for FitKit's
// own, HashKey for requests that may hold what is sealed.
type Deps struct {
	Verifier Verifier
	DB       *postgres.DB
	Admins   Admins
	HashKey  secret.Secret
}

// Handler is the endpoint as net/http, the same registration that production uses.
func Handler(e Endpoint, d Deps) http.Handler {
	if e.Op.seals() && d.HashKey == "" {
		panic(e.Op.Name + " has no key to hash requests with")
	}
	shared := &edge{verifier: d.Verifier, db: d.DB, admins: d.Admins, hashKey: d.HashKey}
	mux := http.NewServeMux()
	e.register(humago.New(mux, Config()), shared)
	return guard(e.Op, shared, mux)
}

// Describe registers the endpoint with an API that only documents.
func Describe(h huma.API, e Endpoint) { e.register(h, &edge{}) }

// Config is huma as FitKit uses it: no documentation routes, no $schema in answers, strict JSON only.
func Config() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{Title: "FitKit", Version: "1"},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", SchemaName)}},
		Formats:          map[string]huma.Format{"application/json": strictJSON, "json": strictJSON},
		DefaultFormat:    "application/json",
		NoFormatFallback: false,
	}
}

// SchemaName keeps equal type names of two packages apart: memberapi.createOutput is MemberCreateOutput.
func SchemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	pkg := t.PkgPath()
	if i := strings.LastIndexByte(pkg, '/'); i >= 0 {
		pkg = strings.TrimSuffix(pkg[i+1:], "api")
	}
	if pkg == "" || t.Name() == "" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + strings.ToUpper(name[:1]) + name[1:]
}

type handlerFunc func(ctx context.Context, payload []byte) ([]byte, error)

// Invoke implements lambda.Handler.
func (f handlerFunc) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

// Lambda turns payload 2.0 events into requests. The adapter splits headers at commas, which breaks signatures of
// webhooks, so the headers are put back from the event as they came.
func Lambda(function string, _ time.Duration, h http.Handler) lambda.Handler {
	adapter := httpadapter.NewV2(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ev, ok := r.Context().Value(eventKey{}).(*events.APIGatewayV2HTTPRequest); ok {
			restoreHeaders(r, ev)
		}
		h.ServeHTTP(w, r)
	}))
	return handlerFunc(func(ctx context.Context, payload []byte) ([]byte, error) {
		var ev events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(payload, &ev); err != nil {
			return nil, fmt.Errorf("not an HTTP event: %w", err)
		}
		ctx, cancel := run.Within(ctx)
		defer cancel()
		lc, _ := lambdacontext.FromContext(ctx)
		requestID := ""
		if lc != nil {
			requestID = lc.AwsRequestID
		}
		ctx, event := obs.Start(context.WithValue(ctx, eventKey{}, &ev), function, requestID)
		defer event.End(ctx)
		obs.Add(ctx, "route", ev.RouteKey)
		// The gateway has decoded the path, and the adapter reads it as part of a URL.
		ev.RawPath = (&url.URL{Path: ev.RawPath}).EscapedPath()
		resp, err := adapter.ProxyWithContext(ctx, ev)
		if err != nil {
			return nil, err
		}
		obs.Add(ctx, "status", resp.StatusCode)
		return json.Marshal(resp)
	})
}

type eventKey struct{}

// restoreHeaders leaves out x-test-*: what a frontend's tests send along never reaches a handler, so none can come to obey it.
func restoreHeaders(r *http.Request, ev *events.APIGatewayV2HTTPRequest) {
	for name, value := range ev.Headers {
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Test-") })
}
