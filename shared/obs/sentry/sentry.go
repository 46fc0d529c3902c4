// Package sentry reports failed invocations to Sentry by its envelope protocol, with nothing but net/http, which every
// function links anyway (docs/decisions/014-a-small-sentry-client.md). What goes out is ids, codes and the function's name: no text of an
// error, no value of a request. It sends only when an invocation failed, and what it cannot send at once it drops.
package sentry

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"fitkit/shared/obs"
	"fitkit/shared/secret"
)

const (
	// patience is the longest that a report holds an invocation up.
	patience = 500 * time.Millisecond
	// noise is how many reports of one kind a process sends in a minute.
	noise = 5
	// quiet is how long nothing is sent after Sentry said that it is too much, without saying for how long.
	quiet = time.Minute
)

// ErrDSN means that SENTRY_DSN is not of the form https://<key>@<host>/<project>.
var ErrDSN = errors.New("SENTRY_DSN must have the form https://<key>@<host>/<project>; empty switches it off")

// Client sends reports to one project.
type Client struct {
	endpoint, auth, stage string
	http                  *http.Client
	now                   func() time.Time

	mu    sync.Mutex
	until time.Time // nothing is sent before
	sent  map[string][]time.Time
}

// New is a client of the project that dsn names.
func New(dsn secret.Secret, stage string) (*Client, error) {
	u, err := url.Parse(dsn.Reveal())
	if err != nil || u.User.Username() == "" || u.Host == "" || strings.Trim(u.Path, "/0123456789") != "" || len(u.Path) < 2 {
		return nil, ErrDSN
	}
	return &Client{
		endpoint: u.Scheme + "://" + u.Host + "/api" + strings.TrimSuffix(u.Path, "/") + "/envelope/",
		auth:     "Sentry sentry_version=7, sentry_client=fitkit/1, sentry_key=" + u.User.Username(),
		stage:    stage, http: &http.Client{Timeout: patience}, now: time.Now, sent: map[string][]time.Time{},
	}, nil
}

// Report sends a failure, or drops it: Sentry's troubles are never the caller's.
func (c *Client) Report(ctx context.Context, f obs.Failure) {
	if !c.admit(f.Function + " " + f.Tags["code"]) {
		return
	}
	body, err := c.envelope(f)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // the invocation's own time may be over
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/x-sentry-envelope")
	req.Header.Set("X-Sentry-Auth", c.auth)
	res, err := c.http.Do(req)
	if err != nil {
		return
	}
	_ = res.Body.Close() // what it says is of no use
	if res.StatusCode == http.StatusTooManyRequests {
		c.rest(res.Header)
	}
}

// admit says whether a report of this kind may go out now.
func (c *Client) admit(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	recent := c.sent[kind]
	for len(recent) > 0 && now.Sub(recent[0]) >= time.Minute {
		recent = recent[1:]
	}
	ok := len(recent) < noise && !now.Before(c.until)
	if ok {
		recent = append(recent, now)
	}
	c.sent[kind] = recent
	return ok
}

// rest keeps quiet for as long as Sentry asks: "60:error;transaction:organization", or Retry-After in seconds.
func (c *Client) rest(h http.Header) {
	wait := quiet
	limit, _, _ := strings.Cut(h.Get("X-Sentry-Rate-Limits"), ":")
	for _, text := range []string{h.Get("Retry-After"), limit} {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			wait = time.Duration(n) * time.Second
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = c.now().Add(wait)
}

func (c *Client) envelope(f obs.Failure) ([]byte, error) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	id, at := hex.EncodeToString(raw[:]), c.now().UTC().Format(time.RFC3339)
	kind := f.Tags["code"]
	if kind == "" {
		kind = "failed"
	}
	event, err := json.Marshal(map[string]any{
		"event_id": id, "level": "error", "platform": "go", "timestamp": at, "environment": c.stage, "server_name": f.Function, "tags": f.Tags,
		"fingerprint": []string{f.Function, kind},
		"exception":   []any{map[string]string{"type": kind, "value": f.Function + " failed"}},
	})
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(map[string]string{"event_id": id, "sent_at": at})
	if err != nil {
		return nil, err
	}
	item, err := json.Marshal(map[string]any{"type": "event", "length": len(event)})
	return bytes.Join([][]byte{head, item, event, nil}, []byte("\n")), err
}
