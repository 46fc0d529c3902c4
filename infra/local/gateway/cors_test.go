package gateway

import (
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

// TestOrigins runs cors_origins.json of shared/vectors.
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
		CORS:   &template.CORS{AllowOrigins: tc.AllowList, AllowMethods: []string{"GET"}, AllowHeaders: []string{"authorization"}},
		Routes: []template.Route{{Method: "GET", Path: "/v1/x", Function: "x", Timeout: maxIntegration}},
	}
	g, err := New(Options{Platform: p, Invoker: answer(`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*","Vary":"Accept"},"body":"x"}`)})
	if tc.Expect == "config_error" {
		if err == nil {
			t.Error("the configuration was accepted")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		r := httptest.NewRequest(method, "http://api.local/v1/x", nil)
		if tc.Origin != nil {
			r.Header["Origin"] = []string{*tc.Origin}
		}
		if method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", "GET")
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		checkOriginAnswer(t, tc, method, w.Header())
	}
}

func checkOriginAnswer(t *testing.T, tc corsCase, method string, h http.Header) {
	t.Helper()
	if !slices.Contains(h["vary"], "Origin") {
		t.Errorf("%s: Vary is %v", method, h["vary"])
	}
	if tc.Expect == "allow" {
		if got := h["access-control-allow-origin"]; !slices.Equal(got, []string{*tc.Allowed}) {
			t.Errorf("%s: allowed origin %v, want %s", method, got, *tc.Allowed)
		}
		return
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "access-control-") {
			t.Errorf("%s: a refused origin got %s", method, name)
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
