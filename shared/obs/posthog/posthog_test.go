package posthog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"fitkit/shared/obs"
	"fitkit/shared/obs/posthog"
)

type batch struct {
	Key   string `json:"api_key"`
	Batch []struct {
		Type, UUID, Timestamp, Event string
		DistinctID                   string `json:"distinct_id"`
		Properties                   map[string]any
	}
}

// received is what a vendor was sent, also by a client that has given up meanwhile.
type received struct {
	mu   sync.Mutex
	list []batch
}

func (r *received) add(b batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, b)
}

func (r *received) all() []batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// vendor is a PostHog that keeps what it was sent and answers as told.
func vendor(t *testing.T, answer http.HandlerFunc) (host string, got *received) {
	t.Helper()
	got = &received{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b batch
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &b) != nil || r.URL.Path != "/batch/" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", r.URL.Path, body)
		}
		got.add(b)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html>not what was expected")
	}
}

func listen(t *testing.T, host string) {
	var log bytes.Buffer
	obs.Redirect(&log)
	obs.ProductsTo(posthog.New(host, "phc_known", "test").Send)
	t.Cleanup(func() {
		obs.Redirect(os.Stdout)
		obs.ProductsTo(nil)
	})
}

var sold = obs.Product{Event: "membership_sold", ID: "0195-m", Org: "0195-o", Codes: map[string]string{"pay_mode": "monthly"}}

// invoke runs an invocation that captures, and says how long its end took.
func invoke(all ...obs.Product) time.Duration {
	ctx, event := obs.Start(context.Background(), "api-example-create", "r-1")
	for _, p := range all {
		obs.Capture(ctx, p)
	}
	began := time.Now()
	event.End(ctx)
	return time.Since(began)
}

// Red when an invocation sent one request for each event, and when one without events sent an empty batch.
func TestWhatAnInvocationCapturedGoesOutInOneBatch(t *testing.T) {
	host, got := vendor(t, status(200))
	listen(t, host)
	invoke()
	if len(got.all()) != 0 {
		t.Fatalf("nothing was captured, and %v sent", got.all())
	}
	invoke(sold, obs.Product{Event: "gateway_connected", ID: "0195-g", Org: "0195-o"})
	if len(got.all()) != 1 || len(got.all()[0].Batch) != 2 {
		t.Fatalf("%+v", got.all())
	}
	b := got.all()[0]
	m := b.Batch[0]
	groups, _ := m.Properties["$groups"].(map[string]any)
	if b.Key != "phc_known" || m.Type != "capture" || m.Event != "membership_sold" || m.UUID != "0195-m" || m.DistinctID != "0195-o" || groups["org"] != "0195-o" ||
		m.Properties["pay_mode"] != "monthly" || m.Properties["$process_person_profile"] != false || m.Properties["$geoip_disable"] != true {
		t.Errorf("%+v", b)
	}
	if _, err := time.Parse(time.RFC3339, m.Timestamp); err != nil {
		t.Error(err)
	}
}

// Red when Forget did nothing.
func TestWhatDidNotHappenIsNotTold(t *testing.T) {
	host, got := vendor(t, status(200))
	listen(t, host)
	ctx, event := obs.Start(context.Background(), "api-example-create", "r-1")
	obs.Capture(ctx, sold)
	obs.Forget(ctx)
	event.End(ctx)
	if len(got.all()) != 0 {
		t.Errorf("%v", got.all())
	}
}

// Red without the deadline of a post, and when 429 was taken like any refusal.
func TestATroubledPostHogHoldsNothingUp(t *testing.T) {
	const most = 500*time.Millisecond + 250*time.Millisecond // and what a busy machine takes
	closed := httptest.NewServer(nil)
	closed.Close()
	secure := httptest.NewTLSServer(status(200))
	defer secure.Close()
	ended := make(chan struct{})
	defer close(ended)
	hang := func(_ http.ResponseWriter, r *http.Request) { // until the client has given up
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}
	reset := func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		host   string // in its place
		asked  int    // by three invocations
	}{
		"down":              {host: closed.URL},
		"no certificate":    {host: secure.URL},
		"no address":        {host: "https://host.invalid"},
		"slow":              {answer: hang, asked: 3},
		"cut off":           {answer: reset, asked: 3},
		"500":               {answer: status(500), asked: 3},
		"garbage":           {answer: status(200), asked: 3},
		"wrong key":         {answer: status(401), asked: 3},
		"429":               {answer: status(429), asked: 1},
		"429 for so long":   {answer: status(429, "Retry-After", "60"), asked: 1},
		"429 and no number": {answer: status(429, "Retry-After", "soon"), asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			host, got := tc.host, &received{}
			if host == "" {
				host, got = vendor(t, tc.answer)
			}
			listen(t, host)
			for range 3 {
				if took := invoke(sold); took > most {
					t.Errorf("the answer waited %v", took)
				}
			}
			if n := len(got.all()); n > 3 || tc.asked > 0 && n != tc.asked {
				t.Errorf("asked %d times, want %d", n, tc.asked)
			}
		})
	}
}
