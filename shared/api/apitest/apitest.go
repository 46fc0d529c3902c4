// Package apitest calls endpoints through HTTP, on the same registration that production uses and on a real database,
// as people of two studios, so that every test can prove that neither sees the other.
package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// Env is endpoints, a database and two studios.
type Env struct {
	*postgrestest.Database
	A, B Studio
	mux  []served
}

// hashKey stands for the key that a function which seals has.
const hashKey = secret.Secret("of no function")

type served struct {
	method, path string
	h            http.Handler
}

// Studio is an organisation of the test.
type Studio struct {
	Org      id.Org
	ClerkOrg string
	env      *Env
}

// New serves the endpoints that build makes for the test's database.
func New(t testing.TB, build func(db *postgres.DB) []api.Endpoint) *Env {
	t.Helper()
	e := &Env{Database: postgrestest.New(t)}
	for _, ep := range build(e.DB) {
		h := api.Handler(ep, api.Deps{Verifier: fakeVerifier{}, DB: e.DB, Admins: e.System, HashKey: hashKey})
		for _, path := range append([]string{ep.Op.Path}, ep.Op.Aliases...) {
			e.mux = append(e.mux, served{ep.Op.Method, path, h})
		}
	}
	e.A, e.B = e.studio(t, "סטודיו צפון"), e.studio(t, "סטודיו דרום")
	return e
}

func (e *Env) studio(t testing.TB, name string) Studio {
	s := Studio{Org: id.New[id.Org](), env: e}
	s.ClerkOrg = "org_" + strings.ReplaceAll(s.Org.String(), "-", "")
	e.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, $3, $2)", s.Org, s.ClerkOrg, name)
	for _, role := range tenancy.Staff {
		e.Exec(t, "insert into staff (org_id, clerk_user_id, role) values ($1, $2, $3)", s.Org, s.user(role), string(role))
	}
	return s
}

func (s Studio) user(role tenancy.Role) string { return "user_" + string(role) + s.Org.String()[:8] }

// Client sends requests as one person.
type Client struct {
	t       testing.TB
	env     *Env
	token   string
	Headers map[string]string
	ctx     context.Context // of its requests; nil: no end
}

// Until has the client's requests end with ctx, as Lambda's deadline would have it.
func (c *Client) Until(ctx context.Context) *Client { c.ctx = ctx; return c }

// As is a member of the studio's staff, freshly signed in.
func (s Studio) As(t testing.TB, role tenancy.Role) *Client {
	return &Client{t: t, env: s.env, token: s.user(role) + "|" + s.ClerkOrg, Headers: map[string]string{}}
}

// AsMember is a member of the studio who signs in as clerkUser.
func (s Studio) AsMember(t testing.TB, clerkUser string) *Client {
	return &Client{t: t, env: s.env, token: clerkUser + "|", Headers: map[string]string{"FitKit-Org": s.Org.String()}}
}

// AsAdmin is one of FitKit's own people, freshly signed in, with no organisation.
func (e *Env) AsAdmin(t testing.TB) *Client {
	t.Helper()
	e.Exec(t, "insert into platform_admins (clerk_user_id, name) values ('user_admin', 'Admin') on conflict do nothing")
	return &Client{t: t, env: e, token: "user_admin|", Headers: map[string]string{}}
}

// Anonymous sends no token.
func (e *Env) Anonymous(t testing.TB) *Client {
	return &Client{t: t, env: e, Headers: map[string]string{}}
}

// Response is an answer.
type Response struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request; body is marshalled unless it is text already. A write gets a new Idempotency-Key unless Headers has one.
func (c *Client) Do(method, path string, body any) *Response {
	c.t.Helper()
	var payload []byte
	switch b := body.(type) {
	case nil:
	case string:
		payload = []byte(b)
	default:
		var err error
		if payload, err = json.Marshal(b); err != nil {
			c.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(payload))
	if payload != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Idempotency-Key", id.New[id.Event]().String())
	for k, v := range c.Headers {
		r.Header.Set(k, v)
	}
	if c.ctx != nil {
		r = r.WithContext(c.ctx)
	}
	w := httptest.NewRecorder()
	c.env.handler(c.t, method, r.URL.Path).ServeHTTP(w, r)
	return &Response{c.t, w.Code, w.Header(), w.Body.Bytes()}
}

// Get, Post, Put, Patch and Delete send that method.
func (c *Client) Get(path string) *Response             { return c.Do("GET", path, nil) }
func (c *Client) Post(path string, body any) *Response  { return c.Do("POST", path, body) }
func (c *Client) Put(path string, body any) *Response   { return c.Do("PUT", path, body) }
func (c *Client) Patch(path string, body any) *Response { return c.Do("PATCH", path, body) }
func (c *Client) Delete(path string) *Response          { return c.Do("DELETE", path, nil) }

// Want fails the test unless the answer has this status, and this code when it is an error.
func (r *Response) Want(status int, code ...string) *Response {
	r.t.Helper()
	if r.Status != status || len(code) > 0 && r.Code() != code[0] {
		r.t.Fatalf("got %d %s, want %d %v\n%s", r.Status, r.Code(), status, code, r.Body)
	}
	return r
}

// Code is the problem document's code.
func (r *Response) Code() string {
	var p struct{ Code string }
	_ = json.Unmarshal(r.Body, &p)
	return p.Code
}

// Into reads the body into v.
func (r *Response) Into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.t.Fatalf("%v\n%s", err, r.Body)
	}
}

// Field reads one top-level text member of the body.
func (r *Response) Field(name string) string {
	r.t.Helper()
	var m map[string]any
	r.Into(&m)
	s, _ := m[name].(string)
	return s
}

// handler finds the endpoint as the gateway does: the full path, a parameter for each {name}.
func (e *Env) handler(t testing.TB, method, path string) http.Handler {
	t.Helper()
	var found http.Handler
	for _, s := range e.mux {
		if s.method == method && matches(s.path, path) && (found == nil || !strings.Contains(s.path, "{")) {
			found = s.h
		}
	}
	if found == nil {
		t.Fatalf("the test serves no %s %s", method, path)
	}
	return found
}

func matches(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && !strings.HasPrefix(p[i], "{") {
			return false
		}
	}
	return true
}

// fakeVerifier reads tokens of the form user|clerk-org, freshly proved by both factors; "user|org|stale" never was, and
// "user|org|impersonated" is somebody else.
type fakeVerifier struct{}

func (fakeVerifier) Verify(_ context.Context, token string) (auth.Session, error) {
	parts := strings.Split(token, "|")
	if len(parts) < 2 {
		return auth.Session{}, auth.ErrInvalidToken
	}
	s := auth.Session{UserID: parts[0], SessionID: "sess_test"}
	if slices.Contains(parts, "impersonated") {
		s.ImpersonatorID = "user_support"
	}
	if !slices.Contains(parts, "stale") {
		zero := 0
		s.Factors = auth.FactorAges{First: &zero, Second: &zero}
	}
	if parts[1] != "" {
		s.Org = &auth.Org{ID: parts[1], Role: "org:member"}
	}
	return s, nil
}

// Impersonated makes the client's session one of somebody who acts in the person's name.
func (c *Client) Impersonated() *Client { c.token += "|impersonated"; return c }

// Stale makes the client's session one that proved no factor, to test step-up.
func (c *Client) Stale() *Client { c.token += "|stale"; return c }
