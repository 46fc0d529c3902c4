// Package posthog tells PostHog of product events by its batch endpoint, with nothing but net/http: the vendor's client works in
// the background, which a frozen sandbox stops, and tries ten times. One request for all that an invocation captured, and none
// when it captured nothing. What goes out is ids and codes (obs.Product); a studio is the person and the group, so nobody who
// works or trains there is profiled.
package posthog

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"fitkit/shared/config"
	"fitkit/shared/obs"
	"fitkit/shared/obs/outgoing"
	"fitkit/shared/run"
	"fitkit/shared/secret"
)

// Client tells one project.
type Client struct {
	endpoint string
	key      secret.Secret
	stage    string
	service  *outgoing.Service
}

// New is a client of the project that key belongs to, at host.
func New(host string, key secret.Secret, stage string) *Client {
	return &Client{endpoint: strings.TrimSuffix(host, "/") + "/batch/", key: key, stage: stage, service: outgoing.New()}
}

// Start has a function's captured events told to PostHog. Without a key they are not even noted.
func Start(app *run.App) {
	if a := run.Section[config.Analytics](app); a.Key != "" {
		obs.ProductsTo(New(a.Host, a.Key, app.Core.Stage).Send)
	}
}

// message is an event as PostHog takes it. It counts a repeat of (uuid, event, timestamp, distinct_id) once.
type message struct {
	Type       string         `json:"type"`
	UUID       string         `json:"uuid"`
	Timestamp  string         `json:"timestamp"`
	DistinctID string         `json:"distinct_id"`
	Event      string         `json:"event"`
	Properties map[string]any `json:"properties"`
}

// Send sends the events in one batch, or drops them: PostHog's troubles are never the caller's.
func (c *Client) Send(ctx context.Context, all []obs.Product) {
	batch := make([]message, len(all))
	at := time.Now().UTC().Format(time.RFC3339)
	for i, p := range all {
		properties := map[string]any{"$groups": map[string]string{"org": p.Org}, "$process_person_profile": false, "$geoip_disable": true,
			"$lib": "fitkit", "stage": c.stage}
		for name, code := range p.Codes {
			properties[name] = code
		}
		batch[i] = message{"capture", p.ID, at, p.Org, p.Event, properties}
	}
	body, err := json.Marshal(map[string]any{"api_key": c.key.Reveal(), "historical_migration": false, "batch": batch})
	if err != nil {
		return
	}
	c.service.Post(ctx, c.endpoint, http.Header{"Content-Type": {"application/json"}}, body)
}
