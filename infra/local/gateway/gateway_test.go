package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

var update = flag.Bool("update", false, "rewrite the golden events")

type invokerFunc func(function string, payload []byte) (host.Result, error)

func (f invokerFunc) Invoke(_ context.Context, function string, payload []byte) (host.Result, error) {
	return f(function, payload)
}

func answer(payload string) Invoker {
	return invokerFunc(func(string, []byte) (host.Result, error) { return host.Result{Payload: []byte(payload)}, nil })
}

func build(t *testing.T, opt Options) *Gateway {
	t.Helper()
	if opt.Platform == nil {
		opt.Platform = &template.Platform{Routes: []template.Route{{Method: "ANY", Path: "/{proxy+}", Function: "x", Timeout: maxIntegration}}}
	}
	g, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGoldenEvents compares the event of a request, byte for byte but for its random ids, with a file per rule.
func TestGoldenEvents(t *testing.T) {
	for name, raw := range map[string]string{
		"plain get":                        "GET /v1/members/7 HTTP/1.1\r\nHost: api.local\r\n\r\n",
		"header names in lower case":       "GET /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nX-MiXeD: One\r\nUser-Agent: test/1\r\n\r\n",
		"repeated headers joined":          "GET /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
		"signature header left whole":      "GET /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nSvix-Signature: v1,abc= v1,def=\r\n\r\n",
		"cookies taken out":                "GET /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nCookie: s=1; t=2\r\nCookie: u=3\r\n\r\n",
		"repeated query values":            "GET /v1/members/7?a=1&a=2&b=x%20y&c HTTP/1.1\r\nHost: api.local\r\n\r\n",
		"path decoded once":                "GET /v1/members/%D7%90%2520b HTTP/1.1\r\nHost: api.local\r\n\r\n",
		"json body as text":                "POST /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 18\r\n\r\n{\"a\":\"\xd7\x90\\n\\u0000\"}",
		"form body as text":                "POST /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1",
		"binary body in base64":            "POST /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nContent-Type: image/png\r\nContent-Length: 3\r\n\r\n\x89PN",
		"compressed body in base64":        "POST /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
		"text that is not utf-8 in base64": "POST /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n\xff\xfe",
		"forwarded for appended":           "GET /v1/members/7 HTTP/1.1\r\nHost: api.local:3001\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: gopher\r\n\r\n",
		"hop by hop headers dropped":       "GET /v1/members/7 HTTP/1.1\r\nHost: api.local\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\n\r\n",
		"greedy route":                     "GET /files/a/b HTTP/1.1\r\nHost: api.local\r\n\r\n",
		"default route":                    "PUT /elsewhere HTTP/1.1\r\nHost: api.local\r\n\r\n",
		"function url":                     "GET /any/path?x=1 HTTP/1.1\r\nHost: export.localhost:3001\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, eventOf(t, raw))
		})
	}
}

func eventOf(t *testing.T, raw string) []byte {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "1.2.3.4:5555"
	var got []byte
	route := func(method, path string) template.Route {
		return template.Route{Method: method, Path: path, Function: "x", Timeout: maxIntegration}
	}
	g := build(t, Options{
		Now: func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) },
		Platform: &template.Platform{
			Routes:    []template.Route{route("ANY", "/v1/members/{id}"), route("GET", "/files/{proxy+}"), route("", "$default")},
			Functions: []template.Function{{Name: "export", URL: &template.FunctionURL{AuthType: "NONE"}}},
		},
		Invoker: invokerFunc(func(_ string, payload []byte) (host.Result, error) {
			got = payload
			return host.Result{Payload: []byte(`{"statusCode":204}`)}, nil
		}),
	})
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return got
}

func golden(t *testing.T, name string, event []byte) {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatalf("%v: %s", err, event)
	}
	e["requestContext"].(map[string]any)["requestId"] = "(id)"
	e["headers"].(map[string]any)["x-amzn-trace-id"] = "(trace)"
	got, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata/golden", strings.ReplaceAll(name, " ", "-")+".json")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("event:\n%s\nwant:\n%s", got, want)
	}
}

func TestRouteChoice(t *testing.T) {
	routes := []template.Route{
		{Method: "GET", Path: "/v1/members/{id}"}, {Method: "ANY", Path: "/v1/members/{id}"}, {Method: "GET", Path: "/v1/members/search"},
		{Method: "GET", Path: "/v1/members/{id}/cards/{card}"}, {Method: "ANY", Path: "/v1/{proxy+}"}, {Method: "POST", Path: "/v1/members/{rest+}"}, {Path: "$default"},
	}
	rs, err := newRoutes(routes)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ method, path, want string }{
		"a literal segment beats a parameter": {"GET", "/v1/members/search", "GET /v1/members/search"},
		"a method beats ANY":                  {"GET", "/v1/members/7", "GET /v1/members/{id}"},
		"ANY takes other methods":             {"PUT", "/v1/members/7", "ANY /v1/members/{id}"},
		"HEAD is not GET":                     {"HEAD", "/v1/members/search", "ANY /v1/members/{id}"},
		"two parameters":                      {"GET", "/v1/members/7/cards/9", "GET /v1/members/{id}/cards/{card}"},
		"the longer greedy path wins":         {"POST", "/v1/members/7/x", "POST /v1/members/{rest+}"},
		"a full match beats a greedy one":     {"POST", "/v1/members/7", "ANY /v1/members/{id}"},
		"greedy takes what nothing else does": {"GET", "/v1/plans", "ANY /v1/{proxy+}"},
		"the rest goes to $default":           {"GET", "/v2", "$default"},
	} {
		t.Run(name, func(t *testing.T) {
			if r, _, ok := rs.match(tc.method, tc.path); !ok || r.Key() != tc.want {
				t.Errorf("got %s, want %s", r.Key(), tc.want)
			}
		})
	}
	if _, err := newRoutes([]template.Route{{Method: "GET", Path: "/a/{x}"}, {Method: "GET", Path: "/a/{y}"}}); err == nil {
		t.Error("two routes for the same requests were accepted")
	}
}

func TestAnswersOfFunctions(t *testing.T) {
	for name, tc := range map[string]struct {
		payload string
		status  int
		body    string
		headers map[string]string
	}{
		"a full answer":                       {`{"statusCode":201,"headers":{"X-A":"1","content-type":"text/html"},"body":"<p>"}`, 201, "<p>", map[string]string{"x-a": "1", "content-type": "text/html"}},
		"a body in base64":                    {`{"statusCode":200,"body":"iVBO","isBase64Encoded":true}`, 200, "\x89PN", nil},
		"without statusCode all is the body":  {`{"a":1}`, 200, `{"a":1}`, map[string]string{"content-type": "application/json"}},
		"a plain value is the body":           {`"x"`, 200, `"x"`, map[string]string{"content-type": "application/json"}},
		"a body that is not a string":         {`{"statusCode":200,"body":{"a":1}}`, 500, `{"message":"Internal Server Error"}`, nil},
		"headers of the connection are moved": {`{"statusCode":401,"headers":{"WWW-Authenticate":"Bearer","Connection":"close"}}`, 401, "", map[string]string{"x-amzn-remapped-www-authenticate": "Bearer", "x-amzn-remapped-connection": "close"}},
		"its own length is recomputed":        {`{"statusCode":200,"headers":{"Content-Length":"999"},"body":"abc"}`, 200, "abc", nil},
		"each cookie is a header":             {`{"statusCode":200,"cookies":["a=1","b=2"]}`, 200, "", map[string]string{"set-cookie": "a=1|b=2"}},
		"multiValueHeaders are ignored":       {`{"statusCode":200,"multiValueHeaders":{"x-m":["1"]}}`, 200, "", map[string]string{"x-m": ""}},
		"not JSON":                            {`oops`, 500, `{"message":"Internal Server Error"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			build(t, Options{Invoker: answer(tc.payload)}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
			if w.Code != tc.status || w.Body.String() != tc.body {
				t.Errorf("got %d %q", w.Code, w.Body)
			}
			for name, want := range tc.headers {
				if got := strings.Join(w.Header()[name], "|"); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestErrorsOfTheFrontDoor(t *testing.T) {
	failing := invokerFunc(func(string, []byte) (host.Result, error) { return host.Result{FunctionError: "Unhandled"}, nil })
	for name, tc := range map[string]struct {
		url     string
		body    int
		header  int
		invoker Invoker
		status  int
		want    string
	}{
		"a failing function":                    {"/x", 0, 0, failing, 500, `{"message":"Internal Server Error"}`},
		"a failing function behind its URL":     {"http://export.localhost/", 0, 0, failing, 502, `{"Message":"Internal Server Error"}`},
		"a body over 10 MB":                     {"/x", maxBody + 1, 0, nil, 413, `{"message":"Request Entity Too Large"}`},
		"a body that Lambda cannot take":        {"/x", 10, 0, invokeError(host.ErrPayloadTooLarge), 413, `{"message":"Request Entity Too Large"}`},
		"headers over 10,240 bytes":             {"/x", 0, maxHeaders, nil, 431, `{"message":"Request Header Fields Too Large"}`},
		"an integration over its time":          {"/x", 0, 0, invokeError(context.DeadlineExceeded), 504, `{"message":"Endpoint request timed out"}`},
		"a platform that is ending":             {"/x", 0, 0, invokeError(host.ErrClosed), 503, `{"message":"Service Unavailable"}`},
		"a function that does not compile":      {"/x", 0, 0, invokeError(host.ErrBuild), 500, `{"message":"Internal Server Error"}`},
		"no route":                              {"/nowhere/else", 0, 0, nil, 404, `{"message":"Not Found"}`},
		"the URL of a function that has none":   {"http://x.localhost/", 0, 0, nil, 404, `{"Message":"no function x with a URL"}`},
		"a URL that asks for AWS's own sign-in": {"http://signed.localhost/", 0, 0, nil, 403, `{"Message":"Forbidden"}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := build(t, Options{Invoker: tc.invoker, Platform: &template.Platform{
				Routes: []template.Route{{Method: "POST", Path: "/x", Function: "x", Timeout: maxIntegration}},
				Functions: []template.Function{
					{Name: "export", URL: &template.FunctionURL{AuthType: "NONE"}}, {Name: "signed", URL: &template.FunctionURL{AuthType: "AWS_IAM"}},
				},
			}})
			r := httptest.NewRequest(http.MethodPost, tc.url, io.LimitReader(zeros{}, int64(tc.body)))
			r.Header.Set("X-Long", strings.Repeat("x", tc.header))
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if w.Code != tc.status || w.Body.String() != tc.want {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func invokeError(err error) Invoker {
	return invokerFunc(func(string, []byte) (host.Result, error) { return host.Result{}, err })
}

func TestASlowBodyIsCut(t *testing.T) {
	s := httptest.NewServer(build(t, Options{Invoker: answer("{}"), BodyTimeout: 50 * time.Millisecond}))
	t.Cleanup(s.Close)
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST /x HTTP/1.1\r\nHost: api.local\r\nContent-Length: 100\r\n\r\nslow"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestLocalPages(t *testing.T) {
	killed := 0
	g := build(t, Options{
		Platform: &template.Platform{
			Functions: []template.Function{{Name: "job", MemoryMB: 128, Timeout: 3 * time.Second}},
			Schedules: []template.Schedule{{Name: "close-day", Function: "cron-close-day", Expression: "rate(1 hour)", Zone: "UTC"}},
		},
		Local: Local{
			RunCron: func(_ context.Context, name string, slot time.Time) (host.Result, error) {
				return host.Result{Payload: []byte(`"` + name + " " + slot.Format(time.RFC3339) + `"`)}, nil
			},
			Busy: func(string) []int { return []int{42} },
			Kill: func(pid int) error { killed = pid; return nil },
			Logs: func(function string, n int) []host.LogLine {
				return []host.LogLine{{Function: function, Line: "x"}}[:min(n, 1)]
			},
		},
	})
	for name, tc := range map[string]struct {
		method, path, body, origin string
		status                     int
		want                       string
	}{
		"functions":                     {"GET", "/_local/functions", "", "", 200, `"name":"job"`},
		"crons":                         {"GET", "/_local/crons", "", "", 200, `"name":"close-day"`},
		"a run with its slot":           {"POST", "/_local/cron/close-day/run", `{"slot":"2026-11-23T04:00:00Z"}`, "", 200, `"close-day 2026-11-23T04:00:00Z"`},
		"a run now":                     {"POST", "/_local/cron/close-day/run", "", "", 200, `"close-day 0001`},
		"a run with a wrong slot":       {"POST", "/_local/cron/close-day/run", `{"slot":"today"}`, "", 400, "must be empty or"},
		"a kill":                        {"POST", "/_local/functions/job/kill", "", "", 200, `{"pid":42}`},
		"logs":                          {"GET", "/_local/logs?function=job&n=5", "", "", 200, `"function":"job"`},
		"the platform's own page":       {"GET", "/_local/crons", "", "http://localhost:3001", 200, "close-day"},
		"a page of another site":        {"POST", "/_local/functions/job/kill", "", "https://evil.test", 403, "Forbidden"},
		"what nobody serves":            {"GET", "/_local/nothing", "", "", 404, ""},
		"queues when there is no queue": {"GET", "/_local/queues", "", "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "http://localhost:3001"+tc.path, strings.NewReader(tc.body))
			if tc.origin != "" {
				r.Header.Set("Origin", tc.origin)
			}
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
	if killed != 42 {
		t.Errorf("killed %d", killed)
	}
}

// compiled is an invoker whose function is yet to be built, for longer than its integration may take.
type compiled struct {
	Invoker
	built bool
}

func (c *compiled) Built(context.Context, string) error {
	if !c.built {
		time.Sleep(20 * time.Millisecond)
	}
	c.built = true
	return nil
}

func (c *compiled) Invoke(ctx context.Context, function string, payload []byte) (host.Result, error) {
	if _ = c.Built(ctx, function); ctx.Err() != nil {
		return host.Result{}, ctx.Err()
	}
	return c.Invoker.Invoke(ctx, function, payload)
}

// TestTheCompilersTimeIsNotTheFunctions was seen red with a build under the integration's time limit: the first request of a slow machine
// was answered 504.
func TestTheCompilersTimeIsNotTheFunctions(t *testing.T) {
	g := build(t, Options{Invoker: &compiled{Invoker: answer(`{"statusCode":200,"body":"x"}`)}, Platform: &template.Platform{
		Routes: []template.Route{{Method: "POST", Path: "/x", Function: "x", Timeout: 10 * time.Millisecond}},
	}})
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/x", nil))
	if w.Code != http.StatusOK {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
