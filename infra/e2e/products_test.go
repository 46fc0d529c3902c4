package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
)

// posthog is a PostHog that keeps whatever the functions send.
type posthog struct {
	*httptest.Server
	mu   sync.Mutex
	sent []productEvent
}

type productEvent struct {
	UUID, Event string
	DistinctID  string         `json:"distinct_id"`
	Properties  map[string]any `json:"properties"`
}

const posthogKey = "phc_e2e"

func newPosthog() *posthog {
	p := &posthog{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var b struct {
			Key   string `json:"api_key"`
			Batch []productEvent
		}
		if err != nil || json.Unmarshal(body, &b) != nil || b.Key != posthogKey {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sent = append(p.sent, b.Batch...)
	}))
	return p
}

func (p *posthog) variables() map[string]string {
	return map[string]string{"POSTHOG_API_KEY": posthogKey, "POSTHOG_HOST": p.URL}
}

// of are the names of a studio's events, each once.
func (p *posthog) of(org string) (names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.sent {
		if e.DistinctID == org && !slices.Contains(names, e.Event) {
			names = append(names, e.Event)
		}
	}
	return names
}

// code is an id or a word of ours: nothing that a person types looks like it.
var code = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)

// TestTheOwnerOfFitKitIsToldOfStudiosAndSales: both studios were made as customers make theirs, before any test ran. Red when
// posthog.Start was taken out of a main.
func TestTheOwnerOfFitKitIsToldOfStudiosAndSales(t *testing.T) {
	settle(t)
	for _, s := range []*studio{a, b} {
		for _, want := range []string{"studio_created", "gateway_connected", "membership_sold"} {
			if got := analytics.of(s.Org); !slices.Contains(got, want) {
				t.Errorf("%s was told of by %v, not by %s", s.Studio.Slug, got, want)
			}
		}
	}
	documented := productEvents(t)
	analytics.mu.Lock()
	defer analytics.mu.Unlock()
	for _, e := range analytics.sent {
		if !slices.Contains(documented, e.Event) || !code.MatchString(e.UUID) {
			t.Errorf("%+v is not in docs/product-events.md, or has no id", e)
		}
		for name, value := range e.Properties {
			if text, ok := value.(string); ok && !code.MatchString(text) {
				t.Errorf("%s tells %s=%q", e.Event, name, text)
			}
		}
	}
}

var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")

func productEvents(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/product-events.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	return names
}
