package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// request is a call before it is sent.
type request struct {
	op     *operation
	path   map[string]string
	query  map[string]string
	header map[string]string
	body   any    // marshalled, unless raw is set
	raw    []byte // sent as it is
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 100},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// as signs a request in as a person of s; "" is nobody. It may be sent many times; a write gets a new key each time
// unless it has one.
func (r request) as(s *studio, role string) request {
	header := map[string]string{}
	for name, value := range r.header {
		header[name] = value
	}
	if role != "" {
		header["Authorization"] = "Bearer " + s.tokens[role]
	}
	if role == "member" {
		header["FitKit-Org"] = s.Org
	}
	r.header = header
	return r
}

// with sets one more header.
func (r request) with(name, value string) request {
	r = r.as(nil, "")
	r.header[name] = value
	return r
}

func (r request) url() string {
	path := r.op.Path
	for name, value := range r.path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for name, value := range r.query {
		query.Set(name, value)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return running.Addresses.API + path
}

func (r request) send(t testing.TB) answer {
	t.Helper()
	out, err := r.try()
	if err != nil {
		t.Fatalf("%s: %v", r.op.ID, err)
	}
	return out
}

// try is send for goroutines, which may not end the test. The sweeps ask for more than a studio may, so a refusal for having
// asked too often begins a new minute, and the request is sent again.
func (r request) try() (answer, error) {
	for {
		a, err := r.once()
		if err != nil || a.status != http.StatusTooManyRequests {
			return a, err
		}
		if err := newMinute(); err != nil {
			return a, err
		}
	}
}

func (r request) once() (answer, error) {
	payload := r.raw
	if payload == nil && r.body != nil {
		var err error
		if payload, err = json.Marshal(r.body); err != nil {
			return answer{}, err
		}
	}
	req, err := http.NewRequest(r.op.Method, r.url(), bytes.NewReader(payload))
	if err != nil {
		return answer{}, err
	}
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.op.keyed() {
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

// code is the problem document's.
func (a answer) code() string { return a.text("code") }

// text is a top-level text of the body, "" when there is none.
func (a answer) text(name string) string {
	var fields map[string]any
	_ = json.Unmarshal(a.body, &fields)
	text, _ := fields[name].(string)
	return text
}

// said is the body without what is new in every answer.
func (a answer) said() string {
	if id := a.text("correlation_id"); id != "" {
		return strings.ReplaceAll(string(a.body), id, "")
	}
	return string(a.body)
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }

// wantProblem reports an answer that is no refusal a client can act on.
func (a answer) wantProblem(t testing.TB, what string) {
	t.Helper()
	if a.status < 400 || a.status >= 500 || a.header.Get("Content-Type") != "application/problem+json" || a.code() == "" || a.text("title_he") == "" {
		t.Errorf("%s was answered %s\n%s", what, a, written.about(a.text("correlation_id")))
	}
	a.wantHebrew(t, what)
}
