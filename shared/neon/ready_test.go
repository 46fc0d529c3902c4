package neon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fitkit/shared/neon"
)

// starting is a Neon whose new branch is ready at once, with an operation that takes its statuses one by one.
func starting(t *testing.T, statuses ...string) (url string, left func() int) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /projects/p/branches", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"branches":[]}`) })
	mux.HandleFunc("POST /projects/p/branches", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"branch":{"id":"br-1","name":"verify-1","current_state":"ready"},"operations":[
			{"id":"op-1","action":"create_branch","status":"finished"},{"id":"op-2","action":"start_compute","status":"scheduling"}]}`)
	})
	mux.HandleFunc("GET /projects/p/operations/op-2", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"operation":{"id":"op-2","action":"start_compute","status":%q,"error":"no room"}}`, statuses[0])
		if len(statuses) > 1 {
			statuses = statuses[1:]
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, func() int { return len(statuses) - 1 }
}

// TestABranchIsMadeWhenItsOperationsHaveEnded: it was seen red with the client that asked the branch alone, which is ready
// while its compute starts.
func TestABranchIsMadeWhenItsOperationsHaveEnded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		statuses []string
		waits    int
		err      string
	}{
		"it starts":                    {[]string{"running", "running", "finished"}, 3, ""},
		"it need not":                  {[]string{"skipped"}, 1, ""},
		"it fails and is tried again":  {[]string{"running", "failed", "running", "finished"}, 4, ""},
		"it ends in an error":          {[]string{"failed", "error"}, 2, "start_compute ended as error: look at it in Neon's console (no room)"},
		"it is cancelled":              {[]string{"cancelling", "cancelled"}, 2, "start_compute ended as cancelled"},
		"it fails and is left at that": {[]string{"failed"}, 207, "start_compute is still failed after ten minutes"},
		"it runs for ever":             {[]string{"running"}, 207, "start_compute is still running after ten minutes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, left := starting(t, tc.statuses...)
			waits, waited := 0, time.Duration(0)
			n := &neon.Client{URL: url, Key: "k", Project: "p", Client: http.DefaultClient,
				Wait: func(_ context.Context, d time.Duration) error { waits++; waited += d; return nil }}
			id, err := n.Create(t.Context(), neon.Branch{Name: "verify-1"})
			if (id == "br-1") != (tc.err == "") || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("made %q, %v", id, err)
			}
			if waits != tc.waits || left() != 0 || waited > 10*time.Minute+time.Second {
				t.Errorf("waited %d times, %s in all, with %d statuses left", waits, waited, left())
			}
		})
	}
}

func TestAnOperationIsNotWaitedForBeyondTheCallersTime(t *testing.T) {
	t.Parallel()
	url, _ := starting(t, "running")
	n := &neon.Client{URL: url, Key: "k", Project: "p", Client: http.DefaultClient,
		Wait: func(context.Context, time.Duration) error { return context.DeadlineExceeded }}
	if id, err := n.Create(t.Context(), neon.Branch{Name: "verify-1"}); id != "" || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "start_compute is still scheduling") {
		t.Errorf("made %q, %v", id, err)
	}
}

// Red while the first branch of the list was taken for production.
func TestProductionIsTheDefaultBranchAndARootOrNot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		branches string
		root     bool
		err      string
	}{
		"a root":     {`{"id":"br-2","parent_id":"br-1"},{"id":"br-1","default":true}`, true, ""},
		"a child":    {`{"id":"br-1"},{"id":"br-2","parent_id":"br-1","default":true}`, false, ""},
		"no default": {`{"id":"br-1"}`, false, "Neon shows no default branch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"branches":[%s]}`, tc.branches) }))
			t.Cleanup(server.Close)
			n := &neon.Client{URL: server.URL, Key: "k", Project: "p", Client: server.Client()}
			root, err := n.Root(t.Context())
			if root != tc.root || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("a root: %t, %v", root, err)
			}
		})
	}
}

// A new password counts once Neon's operation has ended. Red with the operation left alone.
func TestANewPasswordIsWaitedFor(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{"finished": "", "error": "apply_config ended as error"} {
		var asked []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Method+" "+r.URL.Path)
			if r.Method == http.MethodPost {
				fmt.Fprint(w, `{"role":{"name":"fitkit_app"},"operations":[{"id":"op-1","action":"apply_config","status":"running"}]}`)
				return
			}
			fmt.Fprintf(w, `{"operation":{"id":"op-1","action":"apply_config","status":%q}}`, status)
		}))
		n := &neon.Client{URL: server.URL, Key: "k", Project: "p", Client: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }}
		err := n.ResetPassword(t.Context(), "br-1", "fitkit_app")
		server.Close()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) ||
			strings.Join(asked, ", ") != "POST /projects/p/branches/br-1/roles/fitkit_app/reset_password, GET /projects/p/operations/op-1" {
			t.Errorf("%s: %v, asked %v", status, err, asked)
		}
	}
}

// TestABranchIsGoneWhenItIsSeenToBe was seen red with a client that took the answer to DELETE for the end.
func TestABranchIsGoneWhenItIsSeenToBe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		looks int // after the removal, at which it is still listed
		soft  bool
		err   string
	}{
		"for good":                  {3, false, ""},
		"for good, and it stays":    {1000, false, "the removal of verify-1 is still under way after ten minutes"},
		"softly, which lists it on": {1000, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listed, operations := 0, 0
			mux := http.NewServeMux()
			mux.HandleFunc("GET /projects/p/branches", func(w http.ResponseWriter, _ *http.Request) {
				if listed++; listed > tc.looks+1 {
					fmt.Fprint(w, `{"branches":[]}`)
					return
				}
				fmt.Fprint(w, `{"branches":[{"id":"br-1","name":"verify-1","current_state":"ready"}]}`)
			})
			mux.HandleFunc("DELETE /projects/p/branches/br-1", func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `{"branch":{"id":"br-1"},"operations":[{"id":"op-1","action":"delete_timeline","status":"running"}]}`)
			})
			mux.HandleFunc("GET /projects/p/operations/op-1", func(w http.ResponseWriter, _ *http.Request) {
				operations++
				fmt.Fprint(w, `{"operation":{"id":"op-1","action":"delete_timeline","status":"finished"}}`)
			})
			server := httptest.NewServer(mux)
			defer server.Close()
			n := &neon.Client{URL: server.URL, Key: "k", Project: "p", Client: http.DefaultClient, Wait: func(context.Context, time.Duration) error { return nil }}
			err := n.Delete(t.Context(), "verify-1", tc.soft)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || operations != 1 {
				t.Errorf("%v, after %d looks at the operation", err, operations)
			}
			if tc.err == "" && !tc.soft && listed != tc.looks+2 {
				t.Errorf("it was looked for %d times", listed)
			}
		})
	}
}
