package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"fitkit/shared/fail"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/secret"
)

// Endpoint is an operation with its handler.
type Endpoint struct {
	Op       Op
	input    reflect.Type
	register func(huma.API, *edge)
}

// Spec is the operation's.
func (e Endpoint) Spec() run.Spec { return e.Op.Spec() }

// Input is the struct whose tagged fields are the operation's parameters and body.
func (e Endpoint) Input() reflect.Type { return e.input }

// edge is what every endpoint of a process shares: how sign-ins are checked and where keys are kept.
type edge struct {
	verifier Verifier
	db       *postgres.DB
	admins   Admins
	hashKey  secret.Secret
}

// New makes an endpoint. I is the input: path, query and header parameters by huma's tags, the JSON body in a field
// named Body. O is the answer's JSON body.
func New[I, O any](op Op, handle func(ctx context.Context, c Caller, in *I) (*O, error)) Endpoint {
	return Endpoint{Op: op, input: reflect.TypeFor[I](), register: func(h huma.API, e *edge) {
		serve := func(ctx context.Context, in *I) (*output[O], error) {
			raw, err := answer(ctx, e, op, func(ctx context.Context, c Caller) (any, error) {
				out, err := handle(ctx, c, in)
				return out, err
			})
			if err != nil {
				return nil, refusal(ctx, err)
			}
			return &output[O]{Status: raw.Status, Body: stored[O]{raw.Body}, CacheControl: "no-store"}, nil
		}
		huma.Register(h, describe(op), serve)
		for _, path := range op.Aliases {
			alias := describe(op)
			alias.Path, alias.Hidden = path, true
			huma.Register(h, alias, serve)
		}
	}}
}

// WithStatus is an answer that chooses its own status, where success has more than one.
type WithStatus interface{ HTTPStatus() int }

// output is what huma writes: a body marshalled already, so that the stored answer and the sent one are the same bytes.
type output[O any] struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         stored[O]
}

type rawAnswer interface{ rawJSON() []byte }

type stored[O any] struct{ raw []byte }

func (s stored[O]) rawJSON() []byte { return s.raw }

// Schema documents the body as O.
func (stored[O]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[O](), true, "")
}

// answer runs the handler for the request's caller, inside the request's unit when it is a keyed write.
func answer(ctx context.Context, e *edge, op Op, handle func(context.Context, Caller) (any, error)) (postgres.Answer, error) {
	req := requestFrom(ctx)
	if op.PerMinute > 0 {
		if err := e.db.Spend(ctx, req.caller, op.Name, op.PerMinute); err != nil {
			return postgres.Answer{}, err
		}
	}
	if !op.keyed() {
		return marshalled(op)(handle(ctx, req.caller))
	}
	ctx, unit := e.db.Begin(ctx, req.caller, req.key, op.Steps)
	defer unit.Abandon(ctx)
	a, err := marshalled(op)(handle(ctx, req.caller))
	var again *postgres.Replayed
	if errors.As(err, &again) {
		return again.Answer, nil
	}
	if err != nil {
		return a, err
	}
	return a, unit.Finish(ctx, a)
}

func marshalled(op Op) func(any, error) (postgres.Answer, error) {
	return func(out any, err error) (postgres.Answer, error) {
		if err != nil {
			return postgres.Answer{}, err
		}
		status := op.status()
		if s, ok := out.(WithStatus); ok {
			status = s.HTTPStatus()
		}
		body, err := json.Marshal(out)
		return postgres.Answer{Status: status, Body: body}, err
	}
}

// describe is the operation as huma and the API document know it.
func describe(op Op) huma.Operation {
	h := huma.Operation{OperationID: op.Name, Method: op.Method, Path: op.Path, Summary: op.Summary, DefaultStatus: op.status(),
		MaxBodyBytes: or(op.MaxBody, defaultMaxBody), BodyReadTimeout: -1, RejectUnknownQueryParameters: true, SkipValidateParams: false}
	if !op.Public {
		h.Security = []map[string][]string{{"session": {}}}
	}
	if op.keyed() {
		h.Parameters = append(h.Parameters, &huma.Param{Name: keyHeader, In: "header", Required: true,
			Description: "A new one for each new action; the same one when the same request is sent again.",
			Schema:      &huma.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(maxKey)}})
	}
	seen := map[int]bool{http.StatusOK: true}
	for _, e := range op.Spec().Route.Errors {
		if s := e.Kind.Status(); !seen[s] {
			seen[s] = true
			h.Errors = append(h.Errors, s)
		}
	}
	return h
}

func ptr[T any](v T) *T { return &v }

// refusal turns an error into the problem document that is sent, and notes it in the invocation's event.
func refusal(ctx context.Context, err error) error {
	obs.Refused(ctx, err)
	obs.Forget(ctx)
	return problem(fail.From(err), requestFrom(ctx).correlation)
}
