package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Red when nothing was left out.
func TestHeadersOfTestsReachNoHandler(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Join(slices.Sorted(maps.Keys(r.Header)), " "))
	})
	event := events.APIGatewayV2HTTPRequest{RawPath: "/v1/me", Headers: map[string]string{
		"x-test-user": "user_owner", "X-Test-Role": "owner", "x-testing": "stays", "fitkit-org": "stays"}}
	event.RequestContext.HTTP.Method, event.RequestContext.DomainName = http.MethodGet, "api.fitkit.example"
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := api.Lambda("api-test", 0, h).Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var got events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &got); err != nil || strings.Contains(got.Body, "X-Test-") || !strings.Contains(got.Body, "Fitkit-Org X-Testing") {
		t.Errorf("the handler saw %q, %v", got.Body, err)
	}
}

// Red when the header was set only after the door: a refused sign-in could be found by its body alone.
func TestEveryAnswerHasTheRequestsID(t *testing.T) {
	t.Parallel()
	e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
		return []api.Endpoint{api.New(api.Op{Name: "api-org-get", Method: api.GET, Path: "/v1/org", Roles: tenancy.Staff},
			func(context.Context, api.Caller, *struct{}) (*struct{}, error) { return &struct{}{}, nil })}
	})
	for status, c := range map[int]*apitest.Client{200: e.A.As(t, tenancy.Owner), 401: e.Anonymous(t)} {
		c.Headers["X-Correlation-Id"] = "of-the-caller"
		if got := c.Get("/v1/org"); got.Status != status || got.Header.Get("X-Correlation-Id") != "of-the-caller" {
			t.Errorf("answered %d under %q", got.Status, got.Header.Get("X-Correlation-Id"))
		}
	}
}
