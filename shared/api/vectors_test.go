package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
	"fitkit/shared/vectors"
)

// TestSessionTokenVectorsThroughAnEndpoint (S4) sends every token as the gateway does. Whoever is let in is who the vector says. It was
// seen red with an endpoint that took the token from another header, and with the acting user left out of the caller.
func TestSessionTokenVectorsThroughAnEndpoint(t *testing.T) {
	set := vectors.Load[struct {
		Policy struct {
			Leeway   int64    `json:"leeway_s"`
			Lifetime int64    `json:"max_lifetime_s"`
			Issuer   string   `json:"issuer"`
			Parties  []string `json:"authorized_parties"`
		}
		Cases []struct {
			ID, Token, Expect string
			Now               int64
			Claims            map[string]any `json:"expect_claims"`
		}
	}](t, "jwt_session_tokens.json")
	clerk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(vectors.Read(t, "jwks.json")) }))
	t.Cleanup(clerk.Close)
	policy := auth.Policy{Issuer: set.Policy.Issuer, AuthorizedParties: set.Policy.Parties,
		Leeway: time.Duration(set.Policy.Leeway) * time.Second, MaxLifetime: time.Duration(set.Policy.Lifetime) * time.Second}
	for _, tc := range set.Cases {
		t.Run(tc.ID, func(t *testing.T) {
			now := func() time.Time { return time.Unix(tc.Now, 0) }
			verifier, err := auth.NewVerifier(policy, auth.NewKeySet(clerk.URL, nil, now), now)
			if err != nil {
				t.Fatal(err)
			}
			var let *api.Caller
			op := api.Op{Name: "api-test-vectors", Method: api.GET, Path: "/vectors", Summary: "For tests", Roles: []tenancy.Role{tenancy.Owner}, Needs: []need.Need{need.Postgres}}
			status, body := send(t, api.New(op, func(_ context.Context, c api.Caller, _ *struct{}) (*struct{}, error) {
				let = &c
				return &struct{}{}, nil
			}), verifier, tc.Token, tc.Claims["org_id"] == nil)
			if tc.Expect != "accept" {
				if let != nil || status != http.StatusUnauthorized && status != http.StatusForbidden || len(tc.Token) > 20 && strings.Contains(body, tc.Token) {
					t.Fatalf("answered %d %s, let in %t", status, body, let != nil)
				}
				return
			}
			if let == nil {
				t.Fatalf("answered %d %s", status, body)
			}
			got := map[string]any{"sub": let.UserID, "sid": let.SessionID, "actor": let.Impersonator, "needs_reverification": api.StepUp(*let, auth.StepUpStrict) != nil}
			if let.ClerkOrg != "" {
				got["org_id"], got["org_role"] = let.ClerkOrg, "org:"+let.ClerkRole
			}
			for name, want := range tc.Claims {
				if name != "org_permissions" && got[name] != want { // the caller's rights are his role's
					t.Errorf("%s is %v, want %v", name, got[name], want)
				}
			}
		})
	}
}

// send calls an endpoint as Lambda does, with a session token, and as members do with the header that names the studio.
func send(t *testing.T, e api.Endpoint, v api.Verifier, token string, header bool) (status int, body string) {
	t.Helper()
	headers := map[string]string{"authorization": "Bearer " + token}
	if header {
		headers["fitkit-org"] = id.New[id.Org]().String()
	}
	event, err := json.Marshal(events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: e.Op.Path, Headers: headers,
		RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "api.fitkit.example", HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: e.Op.Method}}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := api.Lambda(e.Op.Name, time.Second, api.Handler(e, api.Deps{Verifier: v})).Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Body
}
