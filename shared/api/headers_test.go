package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
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
