package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/api"
)

// The gateway decodes the path before it hands it on, so anything may stand in it.
func TestADecodedPathReachesTheHandlerWhole(t *testing.T) {
	for name, path := range map[string]string{
		"a plain one":           "/v1/members/7",
		"Hebrew":                "/v1/members/דנה",
		"a control character":   "/v1/members/\t=1",
		"a per cent sign":       "/v1/members/100%",
		"what looks like a hex": "/v1/members/%2e%2e",
		"a question mark":       "/v1/members/7?limit=1",
	} {
		t.Run(name, func(t *testing.T) {
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path+" "+r.URL.RawQuery) })
			event := events.APIGatewayV2HTTPRequest{RawPath: path, RawQueryString: "a=b"}
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
			if err := json.Unmarshal(raw, &got); err != nil || got.Body != path+" a=b" {
				t.Fatalf("the handler saw %q, %v", got.Body, err)
			}
		})
	}
}
