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
)

// project is a Neon project as its API shows it.
type project struct {
	branches map[string]string // name by id
	locked   int               // answers 423 that come first
	polls    int               // a new branch is ready after so many
	parent   string
	made     int
}

func (p *project) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer key" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if p.locked > 0 {
		p.locked--
		w.WriteHeader(http.StatusLocked)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/projects/p1")
	id := strings.TrimPrefix(path, "/branches/")
	switch {
	case path == "/branches" && r.Method == http.MethodPost:
		var in struct {
			Branch struct {
				Name   string `json:"name"`
				Parent string `json:"parent_id"`
			}
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		p.branches["br-new"], p.parent = in.Branch.Name, in.Branch.Parent
		p.made++
		fmt.Fprint(w, `{"branch":{"id":"br-new","name":"`+in.Branch.Name+`","current_state":"init"}}`)
	case path == "/branches":
		var list []map[string]string
		for id, name := range p.branches {
			list = append(list, map[string]string{"id": id, "name": name, "current_state": "ready"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"branches": list})
	case path == "/connection_uri":
		q := r.URL.Query()
		fmt.Fprintf(w, `{"uri":"postgres://%s:x@%s-%s/%s"}`, q.Get("role_name"), q.Get("branch_id"), q.Get("pooled"), q.Get("database_name"))
	case p.branches[id] == "":
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(p.branches, id)
	default:
		state := "ready"
		if p.polls--; p.polls > 0 {
			state = "init"
		}
		fmt.Fprint(w, `{"branch":{"id":"`+id+`","name":"x","current_state":"`+state+`"}}`)
	}
}

func neonbranch(t *testing.T, p *project, key, stack, parent, command string) (string, time.Duration, error) {
	t.Helper()
	server := httptest.NewServer(p)
	defer server.Close()
	var waited time.Duration
	n := &neon.Client{URL: server.URL, Key: key, Project: "p1", Client: server.Client(),
		Wait: func(_ context.Context, d time.Duration) error { waited += d; return nil }}
	var out, log bytes.Buffer
	env := map[string]string{"STACK": stack, "NEON_PARENT_BRANCH_ID": parent}
	err := run(context.Background(), n, []string{command}, func(name string) string { return env[name] }, &out, &log)
	if masks := strings.Count(log.String(), "::add-mask::"); masks != strings.Count(out.String(), "\n") {
		t.Errorf("%d addresses are hidden in the log:\n%s", masks, log.String())
	}
	return out.String(), waited, err
}

func TestAPreviewGetsABranchOfTheBase(t *testing.T) {
	want := "DATABASE_URL=postgres://fitkit_app:x@br-new-true/fitkit\nSYSTEM_DATABASE_URL=postgres://fitkit_system:x@br-new-true/fitkit\nDIRECT_DATABASE_URL=postgres://fitkit_owner:x@br-new-false/fitkit\n"
	p := &project{branches: map[string]string{"br-1": "fitkit-pr-123"}, locked: 3, polls: 2}
	out, waited, err := neonbranch(t, p, "key", "fitkit-pr-12", "br-base", "create")
	if err != nil || out != want || p.parent != "br-base" {
		t.Fatalf("%v\n%s\nfrom %s", err, out, p.parent)
	}
	// Up to a second, two and four, at least half of each; and one for each look at the new branch.
	if busy := waited - 2*time.Second; busy < 3500*time.Millisecond || busy > 7*time.Second {
		t.Errorf("waited %s for a busy project and a new branch", waited)
	}
	// Red while a second push took the branch that was there, with its old end and with a migration that the push had changed.
	if out, _, err = neonbranch(t, p, "key", "fitkit-pr-12", "br-base", "create"); err != nil || out != want || len(p.branches) != 2 || p.made != 2 {
		t.Errorf("a second deployment: %v, %d branches, made %d times\n%s", err, len(p.branches), p.made, out)
	}
	for range 2 {
		if _, _, err = neonbranch(t, p, "key", "fitkit-pr-12", "", "delete"); err != nil || len(p.branches) != 1 {
			t.Errorf("%v, left %v", err, p.branches)
		}
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for name, tc := range map[string]struct{ key, stack, parent, command, want string }{
		"an expired key":             {"old", "fitkit-pr-1", "br", "create", "refuses NEON_API_KEY: it has expired"},
		"no key":                     {"", "fitkit-pr-1", "br", "create", "set NEON_API_KEY"},
		"a stack that is no preview": {"key", "fitkit-prod", "br", "delete", "only previews"},
		"no base":                    {"key", "fitkit-pr-1", "", "create", "never starts from production"},
		"no command":                 {"key", "fitkit-pr-1", "br", "", "say create or delete"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := neonbranch(t, &project{branches: map[string]string{}}, tc.key, tc.stack, tc.parent, tc.command); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v does not say %q", err, tc.want)
			}
		})
	}
	if _, _, err := neonbranch(t, &project{branches: map[string]string{}, locked: 99}, "key", "fitkit-pr-1", "br", "create"); err == nil || !strings.Contains(err.Error(), "423") {
		t.Errorf("a project that stays busy: %v", err)
	}
}
