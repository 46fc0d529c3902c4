package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fitkit/shared/neon"
	"fitkit/shared/postgres/postgrestest"
)

// A base is told only when it is masked, and what could not be masked is deleted for good. Red with the deletion left out, and with
// the id told before the masking.
func TestABaseThatIsNotMaskedIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil, address string // a statement before, and an address in place of the branch's
		says, calls    string
	}{
		"a base is made":               {says: "NEON_PARENT_BRANCH_ID=br-1\n", calls: "POST"},
		"a column is not decided on":   {spoil: "alter table members add column shoe_size text", says: "members.shoe_size", calls: "POST DELETE"},
		"the branch cannot be reached": {address: "postgres://fitkit_owner:hidden@127.0.0.1:1/fitkit", says: "cannot be reached", calls: "POST DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			if tc.spoil != "" {
				db.Exec(t, tc.spoil)
			}
			if tc.address == "" {
				tc.address = db.OwnerURL
			}
			var calls []string
			branches := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/connection_uri"):
					_ = json.NewEncoder(w).Encode(map[string]string{"uri": tc.address})
				case r.Method == http.MethodGet:
					fmt.Fprintf(w, `{"branches":[%s]}`, branches)
				default:
					calls = append(calls, r.Method)
					if r.Method == http.MethodDelete && r.URL.RawQuery != "hard_delete=true" {
						t.Errorf("deleted so that it can be recovered: %s", r.URL)
					}
					var in struct{ Branch map[string]any }
					_ = json.NewDecoder(r.Body).Decode(&in) // a deletion has none
					if in.Branch["expires_at"] != nil || in.Branch["parent_id"] != nil {
						t.Errorf("asked for %v", in.Branch)
					}
					branches = `{"id":"br-1","name":"fitkit-preview-base-20261127-030000","current_state":"ready"}`
					fmt.Fprintf(w, `{"branch":%s}`, branches)
				}
			}))
			defer server.Close()
			var out bytes.Buffer
			n := &neon.Client{URL: server.URL, Key: "key", Project: "p1", Client: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }}
			err := run(t.Context(), n, time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC), &out)
			said := out.String()
			if err != nil {
				said += err.Error()
			}
			if got := strings.Join(calls, " "); got != tc.calls || !strings.Contains(said, tc.says) ||
				(err != nil) == strings.Contains(said, "NEON_") || strings.Contains(said, "hidden") {
				t.Errorf("called %s and said %q", got, said)
			}
		})
	}
}
