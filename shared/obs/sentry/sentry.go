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
	"strings"
	"sync"
	"time"

	"fitkit/shared/obs"
	"fitkit/shared/obs/outgoing"
	"fitkit/shared/secret"
)

// noise is how many reports of one kind a process sends in a minute.
const noise = 5

// ErrDSN means that SENTRY_DSN is not of the form https://<key>@<host>/<project>.
var ErrDSN = errors.New("SENTRY_DSN must have the form https://<key>@<host>/<project>; empty switches it off")

// Client sends reports to one project.
type Client struct {
	endpoint, auth, stage string
	service               *outgoing.Service

	mu   sync.Mutex
	sent map[string][]time.Time
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
		stage:    stage, service: outgoing.New(), sent: map[string][]time.Time{},
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
	c.service.Post(ctx, c.endpoint, http.Header{"Content-Type": {"application/x-sentry-envelope"}, "X-Sentry-Auth": {c.auth}}, body)
}

// admit says whether a report of this kind may go out now.
func (c *Client) admit(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	recent := c.sent[kind]
	for len(recent) > 0 && now.Sub(recent[0]) >= time.Minute {
		recent = recent[1:]
	}
	ok := len(recent) < noise && !c.service.Resting()
	if ok {
		recent = append(recent, now)
	}
	c.sent[kind] = recent
	return ok
}

func (c *Client) envelope(f obs.Failure) ([]byte, error) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	id, at := hex.EncodeToString(raw[:]), time.Now().UTC().Format(time.RFC3339)
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
