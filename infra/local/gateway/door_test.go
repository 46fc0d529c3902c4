package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fitkit/infra/local/template"
)

// Planted faults that it caught: no look at Host, a look at its name alone, no look at Origin, and none at Sec-Fetch-Site.
func TestPagesAreForThisMachinesOwnBrowsers(t *testing.T) {
	g := build(t, Options{Platform: &template.Platform{}})
	g.Mount("/_page", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for name, tc := range map[string]struct {
		method, host, origin, site string
		want                       int
	}{
		"a command":                              {"POST", "127.0.0.1" + port, "", "", 204},
		"our own form":                           {"POST", "localhost" + port, "http://localhost" + port, "same-origin", 204},
		"our own form over IPv6":                 {"POST", "[::1]" + port, "http://[::1]" + port, "same-origin", 204},
		"a link from elsewhere":                  {"GET", "localhost" + port, "", "cross-site", 204},
		"a name that was made to lead here":      {"GET", "evil.example" + port, "", "same-origin", 403},
		"a form under such a name":               {"POST", "evil.example" + port, "http://evil.example" + port, "same-origin", 403},
		"a name that only begins as ours":        {"GET", "localhost.evil.example" + port, "", "", 403},
		"our name with another port":             {"GET", "localhost:1", "", "", 403},
		"our name without a port":                {"GET", "localhost", "", "", 403},
		"no name":                                {"GET", "", "", "", 403},
		"a form of another site":                 {"POST", "localhost" + port, "https://evil.example", "cross-site", 403},
		"a form of another site, no Sec-Fetch":   {"POST", "localhost" + port, "https://evil.example", "", 403},
		"a form of another port of this machine": {"POST", "localhost" + port, "http://localhost:3000", "same-site", 403},
		"a form that hides its origin":           {"POST", "localhost" + port, "null", "", 403},
		"a form that says only its site":         {"POST", "localhost" + port, "", "cross-site", 403},
		"a script of another site that reads":    {"GET", "localhost" + port, "https://evil.example", "cross-site", 403},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, server.URL+"/_page", nil)
			if err != nil {
				t.Fatal(err)
			}
			if req.Host = tc.host; tc.host == "" {
				req.Host = "-" // Go's client would fill in its own
			}
			for header, value := range map[string]string{"Origin": tc.origin, "Sec-Fetch-Site": tc.site} {
				if value != "" {
					req.Header.Set(header, value)
				}
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tc.want {
				t.Errorf("was answered %d, want %d", res.StatusCode, tc.want)
			}
		})
	}
}
