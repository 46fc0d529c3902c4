package api_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/auth/authtest"
	"fitkit/shared/retry/outagetest"
	"fitkit/shared/tenancy"
)

// TestNobodyIsSignedOutWhileClerkFails (T16): without Clerk's keys a token cannot be judged, which is 503 and never 401. It was
// seen red with ErrKeysUnavailable taken for an invalid token, and with the set's own time limit taken away.
func TestNobodyIsSignedOutWhileClerkFails(t *testing.T) {
	t.Parallel()
	key, err := authtest.TestKey()
	if err != nil {
		t.Fatal(err)
	}
	token, err := authtest.Sign(key, "ins_a", map[string]any{"sub": "user_a"})
	if err != nil {
		t.Fatal(err)
	}
	op := api.Op{Name: "api-room-get", Method: api.GET, Path: "/v1/room", Roles: tenancy.Staff}
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		keys := auth.NewKeySet(o.URL+"/.well-known/jwks.json", nil, time.Now)
		v, err := auth.NewVerifier(auth.Policy{Issuer: o.URL, AuthorizedParties: []string{"https://app.example"}}, keys, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		h := api.Handler(api.New(op, func(context.Context, api.Caller, *struct{}) (*struct{}, error) {
			t.Error("it was let in")
			return nil, nil
		}), api.Deps{Verifier: v})
		for range 5 {
			r := httptest.NewRequestWithContext(o.Context(t), "GET", "/v1/room", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			var p api.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if w.Code != 503 || p.Code != "auth.keys_unavailable" || p.Title == "" || w.Header().Get("Retry-After") == "" {
				t.Errorf("%d %s, Retry-After %q", w.Code, w.Body, w.Header().Get("Retry-After"))
			}
		}
		// Without any set the next try comes after a second; five requests in a row share what is there.
		if n := o.Asked(); n > 2 {
			t.Errorf("%d downloads for five requests", n)
		}
	})
}
