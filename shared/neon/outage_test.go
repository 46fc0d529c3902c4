package neon_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fitkit/shared/neon"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
)

// TestANeonThatFailsMakesNoCopy (T16): a copy is made or it is an error, soon. The nightly schedule keeps that as a finding.
func TestANeonThatFailsMakesNoCopy(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		n := &neon.Client{URL: o.URL, Key: "k", Project: "p", Client: &http.Client{Timeout: time.Minute}, Wait: retry.Wait}
		if got, err := n.Create(o.Context(t), neon.Branch{Name: "verify-1"}); got != "" || err == nil {
			t.Errorf("made %q, %v", got, err)
		}
		if got := o.Asked(); got > 1 { // it asks to be left alone for longer than anybody waits here
			t.Errorf("Neon was asked %d times", got)
		}
	})
}

// TestNeonIsWaitedForAsItAsks: too many requests are tried again seldom, not before Neon says, and never for the whole of the
// caller's time. It was seen red with the client that slept five minutes for either answer, whatever its context said.
func TestNeonIsWaitedForAsItAsks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status       int
		after        string
		within       time.Duration // of the caller's time; 0 is for ever
		asked        int
		least, waits time.Duration
	}{
		"too many requests are tried three times": {429, "7", 0, retry.Tries, 14 * time.Second, 15 * time.Second},
		"a word is a word":                        {429, "120", 0, 1, 0, 0},
		"a busy project is queued for":            {423, "", 0, 14, 2 * time.Minute, 5*time.Minute + 1},
		"but not beyond the caller's time":        {423, "", 100 * time.Millisecond, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, waited := 0, time.Duration(0)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Retry-After", tc.after)
				w.WriteHeader(tc.status)
			}))
			t.Cleanup(server.Close)
			ctx, wait := t.Context(), func(_ context.Context, d time.Duration) error { waited += d; return nil }
			if tc.within > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tc.within)
				defer cancel()
				wait = retry.Wait
			}
			n := &neon.Client{URL: server.URL, Key: "k", Project: "p", Client: server.Client(), Wait: wait}
			if _, err := n.History(ctx); err == nil {
				t.Error("a busy project has a history")
			}
			if asked != tc.asked || waited < tc.least || waited > tc.waits {
				t.Errorf("asked %d times and waited %s", asked, waited)
			}
		})
	}
}
