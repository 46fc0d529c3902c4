package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// server is the identity provider.
type server struct {
	issuer    string
	secretKey string
	parties   []string
	keys      *keyRing
	accounts  *store
	sender    *sender
	limits    *limiter
	now       func() time.Time
}

func newServer(o options, keys *keyRing, accounts *store, sender *sender) *server {
	return &server{
		issuer: o.issuer, secretKey: o.secretKey, parties: o.parties,
		keys: keys, accounts: accounts, sender: sender, limits: newLimiter(), now: time.Now,
	}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		process.WriteJSON(w, http.StatusOK, s.keys.public())
	})
	s.userRoutes(mux)
	s.orgRoutes(mux)
	s.memberRoutes(mux)
	s.sessionRoutes(mux)
	s.devRoutes(mux)
	s.signInRoutes(mux)
	return mux
}

// apiError is a refusal in the backend API's shape.
type apiError struct {
	status     int
	code, text string
}

func (e apiError) Error() string { return e.text }

func notFound(what string) error {
	return apiError{http.StatusNotFound, "resource_not_found", what + " was not found"}
}

func invalid(code, text string) error { return apiError{http.StatusUnprocessableEntity, code, text} }

type errorBody struct {
	Errors  []errorItem `json:"errors"`
	TraceID string      `json:"clerk_trace_id"`
}

type errorItem struct {
	Code        string   `json:"code"`
	Message     string   `json:"message"`
	LongMessage string   `json:"long_message"`
	Meta        struct{} `json:"meta"`
}

// answer sends what a handler returned, with a trace id.
func answer(w http.ResponseWriter, status int, body any, err error) {
	trace := newID("trace")
	w.Header().Set("Clerk-Trace-Id", trace)
	if err == nil {
		process.WriteJSON(w, status, body)
		return
	}
	var refusal apiError
	if !errors.As(err, &refusal) {
		slog.Error("sandbox failed", "error", err)
		refusal = apiError{http.StatusInternalServerError, "internal_clerk_error", "the sandbox failed; see its log"}
	}
	item := errorItem{Code: refusal.code, Message: refusal.text, LongMessage: refusal.text}
	process.WriteJSON(w, refusal.status, errorBody{[]errorItem{item}, trace})
}

// backend serves one operation of the backend API: secret key, limits, answer.
func (s *server) backend(mux *http.ServeMux, pattern string, handle func(*http.Request) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.secretKey {
			answer(w, 0, nil, apiError{http.StatusUnauthorized, "authentication_invalid", "the secret key is missing or wrong"})
			return
		}
		if s.limits.stop(w, r, s.now()) {
			return
		}
		body, err := handle(r)
		answer(w, http.StatusOK, body, err)
	})
}

// dev serves one operation that only the sandbox has; no key is asked for.
func (s *server) dev(mux *http.ServeMux, pattern string, handle func(*http.Request) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := handle(r)
		answer(w, http.StatusOK, body, err)
	})
}

// decode reads a JSON body. Unknown members are accepted, as by the vendor; no body is {}.
func decode(r *http.Request, v any) error {
	err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(v)
	if err != nil && !errors.Is(err, io.EOF) {
		return apiError{http.StatusBadRequest, "request_body_invalid", fmt.Sprintf("the body is not readable: %v", err)}
	}
	return nil
}

// stamp is the API's time now.
func (s *server) stamp() int64 { return milliseconds(s.now()) }
