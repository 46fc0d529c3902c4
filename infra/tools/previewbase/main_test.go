package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/neon"
	"fitkit/shared/postgres/postgrestest"
)

// A base is told only when it is masked and production's passwords are refused there, and what could not be made so is deleted for
// good. Red with the deletion left out, with the id told before the masking, with the passwords left as they are, and with one role
// left out of roles.
func TestABaseThatIsNotMaskedIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	const resets = "POST fitkit_app fitkit_system fitkit_owner"
	for name, tc := range map[string]struct {
		spoil, address string // a statement before, and an address in place of the branch's
		keeps          string // a role whose password is not changed
		says, calls    string
	}{
		"a base is made":               {says: "NEON_PARENT_BRANCH_ID=br-1\n", calls: resets},
		"a column is not decided on":   {spoil: "alter table members add column shoe_size text", says: "members.shoe_size", calls: "POST DELETE"},
		"the branch cannot be reached": {address: "postgres://fitkit_owner:hidden@127.0.0.1:1/fitkit", says: "cannot be reached", calls: "POST DELETE"},
		"a password stays production's": {keeps: "fitkit_system", says: "refuses production's password of fitkit_system is not proven",
			calls: "POST fitkit_app fitkit_system DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			if tc.spoil != "" {
				db.Exec(t, tc.spoil)
			}
			b := branchOf(t, db, tc.address, tc.keeps)
			server := httptest.NewServer(b)
			defer server.Close()
			before := map[string]string{}
			for _, role := range []string{"fitkit_app", "fitkit_system", "fitkit_owner"} {
				before[role] = b.uri(role)
			}
			var out bytes.Buffer
			n := &neon.Client{URL: server.URL, Key: "key", Project: "p1", Client: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }}
			err := run(t.Context(), n, time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC), &out)
			said := out.String()
			if err != nil {
				said += err.Error()
			}
			if got := strings.Join(b.calls, " "); got != tc.calls || !strings.Contains(said, tc.says) ||
				(err != nil) == strings.Contains(said, "NEON_") || strings.Contains(said, "hidden") {
				t.Errorf("called %s and said %q", got, said)
			}
			for role, address := range before {
				if conn, refused := pgx.Connect(t.Context(), address); err == nil && refused == nil {
					_ = conn.Close(t.Context())
					t.Errorf("%s of production is let in to the base", role)
				}
			}
		})
	}
}

// branch is Neon with a real database for its branch. Roles are the server's, which other tests share, so each role of the branch
// is played by one of its own that may what it may.
type branch struct {
	t              *testing.T
	db             *postgrestest.Database
	address, keeps string
	passwords      map[string]string // by role
	list           string
	calls          []string
}

func branchOf(t *testing.T, db *postgrestest.Database, address, keeps string) *branch {
	b := &branch{t: t, db: db, address: address, keeps: keeps, passwords: map[string]string{}}
	for _, role := range []string{"fitkit_app", "fitkit_system", "fitkit_owner"} {
		b.passwords[role] = "production-s"
		db.Exec(t, fmt.Sprintf("create role %q login password 'production-s' in role %s", b.login(role), role))
		t.Cleanup(func() { db.Exec(t, fmt.Sprintf("drop role %q", b.login(role))) })
	}
	return b
}

func (b *branch) login(role string) string {
	u, err := url.Parse(b.db.OwnerURL)
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/") + role
}

func (b *branch) uri(role string) string {
	u, err := url.Parse(b.db.OwnerURL)
	if err != nil {
		b.t.Fatal(err)
	}
	u.User = url.UserPassword(b.login(role), b.passwords[role])
	return cmp.Or(b.address, u.String())
}

func (b *branch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, reset := strings.CutSuffix(r.URL.Path, "/reset_password")
	switch {
	case strings.HasSuffix(path, "/connection_uri"):
		_ = json.NewEncoder(w).Encode(map[string]string{"uri": b.uri(r.URL.Query().Get("role_name"))})
	case r.Method == http.MethodGet:
		fmt.Fprintf(w, `{"branches":[%s]}`, b.list)
	case reset:
		role := strings.TrimPrefix(path, "/projects/p1/branches/br-1/roles/")
		b.calls = append(b.calls, role)
		if role != b.keeps {
			b.passwords[role] = "of-the-base"
			b.db.Exec(b.t, fmt.Sprintf("alter role %q password 'of-the-base'", b.login(role)))
		}
		fmt.Fprint(w, `{"operations":[{"id":"op-1","action":"apply_config","status":"finished"}]}`)
	default:
		b.calls = append(b.calls, r.Method)
		if r.Method == http.MethodDelete && r.URL.RawQuery != "hard_delete=true" {
			b.t.Errorf("deleted so that it can be recovered: %s", r.URL)
		}
		var in struct{ Branch map[string]any }
		_ = json.NewDecoder(r.Body).Decode(&in) // a deletion has none
		if in.Branch["expires_at"] != nil || in.Branch["parent_id"] != nil {
			b.t.Errorf("asked for %v", in.Branch)
		}
		b.list = `{"id":"br-1","name":"fitkit-preview-base-20261127-030000","current_state":"ready"}`
		fmt.Fprintf(w, `{"branch":%s}`, b.list)
	}
}
