package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// streaming is a gateway over a real function with a URL in the mode RESPONSE_STREAM.
func streaming(t *testing.T) *httptest.Server {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "./testdata/stream").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &template.Platform{Functions: []template.Function{{Name: "stream", LambdaName: "stream", CodeDir: dir, MemoryMB: 128, Timeout: 30 * time.Second,
		ARN: "arn:aws:lambda:eu-central-1:000000000000:function:stream", URL: &template.FunctionURL{AuthType: "NONE", InvokeMode: "RESPONSE_STREAM"}}}}
	h, err := host.New(host.Options{Functions: p.Functions, Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Platform: p, Invoker: h, Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func TestAFunctionURLStreamsWhatTheFunctionWrites(t *testing.T) {
	server := streaming(t)
	for name, tc := range map[string]struct {
		then, rest string
		cut        bool
	}{
		"both pieces, the first before the second is written": {rest: "data: two\n\n"},
		"a function that dies in the middle cuts the answer":  {then: "die", cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			read := make(chan struct{})
			meet := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-read }))
			t.Cleanup(meet.Close)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/?then="+tc.then+"&meet="+url.QueryEscape(meet.URL), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "stream.localhost"
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			first := make([]byte, len("data: one\n\n"))
			if _, err := io.ReadFull(res.Body, first); err != nil {
				t.Fatal(err)
			}
			close(read) // only now the function goes on
			rest, err := io.ReadAll(res.Body)
			if res.StatusCode != http.StatusAccepted || res.Header.Get("Content-Type") != "text/event-stream" || strings.TrimSpace(string(first)) != "data: one" {
				t.Errorf("answered %d as %q, first %q", res.StatusCode, res.Header.Get("Content-Type"), first)
			}
			if string(rest) != tc.rest || (err != nil) != tc.cut {
				t.Errorf("then %q (%v)", rest, err)
			}
		})
	}
}
