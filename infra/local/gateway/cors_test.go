package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
	"fitkit/shared/vectors"
)

type corsCase struct {
	ID        string
	AllowList []string `json:"allow_list"`
	Origin    *string
	Expect    string
	Allowed   *string `json:"access_control_allow_origin"`
	Reason    string
}

// TestOrigins runs cors_origins.json of shared/vectors over every kind of answer. A browser shows a page nothing of an answer
// without these headers, so an error without them is one that nobody can act on. Seen red: the headers of 431 alone missing,
// those of an unknown path, those of a function that crashed, and a function's own "*" let through with its 401 and its 500.
func TestOrigins(t *testing.T) {
	file := vectors.Load[struct {
		Count int
		Cases []corsCase
	}](t, "cors_origins.json")
	if len(file.Cases) == 0 || len(file.Cases) != file.Count {
		t.Fatalf("%d cases, the file says %d", len(file.Cases), file.Count)
	}
	for _, tc := range file.Cases {
		t.Run(tc.ID+" "+tc.Reason, func(t *testing.T) { testOrigin(t, tc) })
	}
}

func testOrigin(t *testing.T, tc corsCase) {
	p := &template.Platform{
		CORS: &template.CORS{AllowOrigins: tc.AllowList, AllowMethods: []string{"GET"}, AllowHeaders: []string{"authorization"}},
	}
	for name := range functionAnswers {
		p.Routes = append(p.Routes, template.Route{Method: "GET", Path: "/v1/" + name, Function: name, Timeout: maxIntegration})
	}
	g, err := New(Options{Platform: p, Invoker: invokerFunc(func(function string, _ []byte) (host.Result, error) { return functionAnswers[function], nil })})
	if tc.Expect == "config_error" {
		if err == nil {
			t.Error("the configuration was accepted")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	preflight := http.StatusNoContent
	if tc.Origin == nil {
		preflight = http.StatusNotFound // then it is none, and no route takes OPTIONS
	}
	for _, asked := range []struct {
		method, path, cookie string
		status               int
	}{
		{"GET", "/v1/ok", "", 200},
		{"GET", "/v1/unauthorized", "", 401},
		{"GET", "/v1/failing", "", 500},
		{"GET", "/v1/crashing", "", 500},
		{"GET", "/v1/unknown", "", 404},
		{"GET", "/v1/ok", strings.Repeat("c", maxHeaders), 431},
		{"OPTIONS", "/v1/ok", "", preflight},
		{"OPTIONS", "/v1/unknown", "", preflight},
	} {
		r := httptest.NewRequest(asked.method, "http://api.local"+asked.path, nil)
		if tc.Origin != nil {
			r.Header["Origin"] = []string{*tc.Origin}
		}
		if asked.method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", "GET")
		}
		r.Header.Set("Cookie", asked.cookie)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		what := fmt.Sprintf("%s %s answered %d", asked.method, asked.path, w.Code)
		if w.Code != asked.status {
			t.Errorf("%s, want %d", what, asked.status)
		}
		checkOriginAnswer(t, tc, what, w.Header())
	}
}

// functionAnswers is what the functions of the vectors' platform answer: their own headers about origins never count.
var functionAnswers = map[string]host.Result{
	"ok":           {Payload: []byte(`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*","Vary":"Accept"},"body":"x"}`)},
	"unauthorized": {Payload: []byte(`{"statusCode":401,"headers":{"Access-Control-Allow-Origin":"*"},"body":"x"}`)},
	"failing":      {Payload: []byte(`{"statusCode":500,"headers":{"Access-Control-Allow-Origin":"*"},"body":"x"}`)},
	"crashing":     {Payload: []byte(`{"errorMessage":"x"}`), FunctionError: "Unhandled"},
}

func checkOriginAnswer(t *testing.T, tc corsCase, what string, h http.Header) {
	t.Helper()
	if !slices.Contains(h["vary"], "Origin") {
		t.Errorf("%s: Vary is %v", what, h["vary"])
	}
	if tc.Expect == "allow" {
		if got := h["access-control-allow-origin"]; !slices.Equal(got, []string{*tc.Allowed}) {
			t.Errorf("%s: allowed origin %v, want %s", what, got, *tc.Allowed)
		}
		return
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "access-control-") {
			t.Errorf("%s: a refused origin got %s", what, name)
		}
	}
}

func TestPreflightIsAnsweredWithoutTheFunction(t *testing.T) {
	called := false
	p := &template.Platform{
		CORS:   &template.CORS{AllowOrigins: []string{"https://app.example"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"authorization"}, MaxAge: 600e9},
		Routes: []template.Route{{Path: "$default", Function: "x", Timeout: maxIntegration}},
	}
	g, err := New(Options{Platform: p, Invoker: invokerFunc(func(string, []byte) (host.Result, error) {
		called = true
		return host.Result{}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodOptions, "/v1/x", nil)
	r.Header.Set("Origin", "https://app.example")
	r.Header.Set("Access-Control-Request-Method", "POST")
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent || called {
		t.Errorf("status %d, function called: %v", w.Code, called)
	}
	for name, want := range map[string]string{"access-control-allow-methods": "GET,POST", "access-control-allow-headers": "authorization", "access-control-max-age": "600"} {
		if got := w.Header()[name]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %v", name, got)
		}
	}
}
