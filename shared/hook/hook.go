// Package hook is the edge for webhooks of providers. A hook verifies the raw bytes, records the event once, answers,
// and leaves the work to a job. It reads the gateway's event itself: the raw body and the headers as they came.
package hook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/run"
)

// Op is a webhook's declaration.
type Op struct {
	Name    string // hook-<domain>-<provider>
	Summary string
	Path    string // its address stands in another company's settings and never changes
	Status  int    // of acceptance
	Errors  []*fail.Error
	Needs   []need.Need
	Timeout time.Duration // 10 s by default
}

// Spec is what templates and documents are made from.
func (o Op) Spec() run.Spec {
	timeout := o.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	return run.Spec{Name: o.Name, Summary: o.Summary, Needs: o.Needs, Memory: 256, Timeout: timeout,
		Route: &run.Route{Method: http.MethodPost, Path: o.Path, Status: o.Status, Public: true, Hook: true,
			Errors: append([]*fail.Error{ErrRefused, ErrTooLarge, fail.ErrInternal}, o.Errors...)}}
}

// Errors of the edge. A refusal tells a forger nothing.
var (
	ErrRefused  = fail.New(fail.Unauthenticated, "hook.refused", "This webhook could not be verified.", "לא ניתן לאמת קריאה זו.")
	ErrTooLarge = fail.New(fail.TooLarge, "hook.too_large", "A webhook's body is at most 1 MB.", "גוף הקריאה מוגבל ל-1MB.")
)

// MaxBody is the largest body that is read, in bytes.
const MaxBody = 1 << 20

// Request is what the provider posted.
type Request struct {
	Header http.Header // as it came; one value each
	Path   map[string]string
	Body   []byte
}

// Handler is a hook with its code.
type Handler struct {
	Op     Op
	handle func(ctx context.Context, r Request) error
}

// Spec is the operation's.
func (h Handler) Spec() run.Spec { return h.Op.Spec() }

// New makes a hook's handler: nil accepts.
func New(op Op, handle func(ctx context.Context, r Request) error) Handler {
	return Handler{op, handle}
}

// Serve answers invocations until Lambda ends the process.
func Serve(app *run.App, h Handler) {
	app.Serve(Lambda(h))
}

// Lambda is the handler as Lambda calls it.
func Lambda(h Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, ev events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		ctx, event := obs.Start(ctx, h.Op.Name, ev.RequestContext.RequestID)
		defer event.End(ctx)
		correlation := id.New[id.Event]().String()
		err := h.answer(obs.WithCorrelation(ctx, correlation), ev)
		status := h.Op.Status
		if err != nil {
			status = fail.From(err).Kind.Status()
		}
		obs.Add(ctx, "status", status)
		return response(status, err, correlation), nil
	}
}

func (h Handler) answer(ctx context.Context, ev events.APIGatewayV2HTTPRequest) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = obs.Panicked(ctx)
		}
		if err != nil {
			obs.Refused(ctx, err) // anybody may post here: a refusal rings no alarm
		}
	}()
	r, err := read(ev)
	if err != nil {
		return err
	}
	ctx, cancel := run.Within(ctx)
	defer cancel()
	return h.handle(ctx, r)
}

func read(ev events.APIGatewayV2HTTPRequest) (Request, error) {
	r := Request{Header: http.Header{}, Path: ev.PathParameters, Body: []byte(ev.Body)}
	for name, value := range ev.Headers {
		r.Header.Set(name, value)
	}
	if ev.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(ev.Body)
		if err != nil {
			return r, ErrRefused
		}
		r.Body = body
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return r, ErrRefused
	}
	if len(r.Body) > MaxBody {
		return r, ErrTooLarge
	}
	return r, nil
}

func response(status int, err error, correlation string) events.APIGatewayV2HTTPResponse {
	resp := events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: map[string]string{"cache-control": "no-store", "x-correlation-id": correlation}}
	if err == nil {
		return resp
	}
	f := fail.From(err)
	body, mErr := json.Marshal(map[string]any{"type": f.Type(), "title": f.Detail, "title_he": f.Hebrew, "status": status, "code": f.Code, "correlation_id": correlation})
	if mErr == nil {
		resp.Body = string(body)
	}
	resp.Headers["content-type"] = "application/problem+json"
	if f.RetryAfter > 0 {
		resp.Headers["retry-after"] = fmt.Sprint(int(f.RetryAfter.Seconds()))
	}
	return resp
}
