package run

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/ssm/ssmtest"
)

type declared Spec

func (d declared) Spec() Spec { return Spec(d) }

var hears = declared{Name: "hook-test-hear", Needs: []need.Need{need.SystemPostgres, need.ClerkWebhook}}

const (
	databaseAt = "/fitkit/staging/shared/SYSTEM_DATABASE_URL"
	secretAt   = "/fitkit/staging/org/CLERK_WEBHOOK_SECRET"
	formerAt   = "/fitkit/staging/org/CLERK_WEBHOOK_SECRET_PREVIOUS"
)

// referring is a store with what the function needs, and an environment that only says where.
func referring(t *testing.T) (*ssmtest.Store, map[string]string) {
	t.Helper()
	store := ssmtest.New(t)
	store.Put(databaseAt, "postgres://hush@localhost/x")
	store.Put(secretAt, "whsec_hush")
	env := map[string]string{"STAGE": "staging", "SYSTEM_DATABASE_URL": "ssm:" + databaseAt, "CLERK_WEBHOOK_SECRET": "ssm:" + secretAt,
		"CLERK_WEBHOOK_SECRET_PREVIOUS": "ssm:" + formerAt, "CLERK_INSTANCE_ID": "ins_ours"}
	maps.Copy(env, store.Environment())
	return store, env
}

func of(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestASettingThatIsAReferenceComesFromTheStore(t *testing.T) {
	store, env := referring(t)
	app, err := New(hears, of(env))
	if err != nil {
		t.Fatal(err)
	}
	hook, database := Section[config.ClerkWebhook](app), Section[config.SystemDatabase](app)
	if hook.Secret != "whsec_hush" || hook.Previous != "" || hook.InstanceID != "ins_ours" || database.URL != "postgres://hush@localhost/x" || store.Calls() != 1 {
		t.Errorf("%s %s %s %s in %d calls", hook.Secret.Reveal(), hook.Previous.Reveal(), hook.InstanceID, database.URL.Reveal(), store.Calls())
	}
	env["SYSTEM_DATABASE_URL"], env["CLERK_WEBHOOK_SECRET"], env["CLERK_WEBHOOK_SECRET_PREVIOUS"] = "postgres://a@b/c", "whsec_a", ""
	if app, err = New(hears, of(env)); err != nil || app.references != nil || store.Calls() != 1 {
		t.Errorf("without a reference the store was asked: %v, %d calls", err, store.Calls())
	}
}

// TestAStartSaysAllThatIsWrongOnce has been red with the store's problems hiding the others, and with an optional setting that was
// not read counted as unset.
func TestAStartSaysAllThatIsWrongOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*ssmtest.Store, map[string]string)
		want  []string
	}{
		"missing, and another of another kind": {func(s *ssmtest.Store, env map[string]string) { s.Delete(secretAt); env["STAGE"] = "moon" },
			[]string{"CLERK_WEBHOOK_SECRET: is not in the parameter store: put it at " + secretAt, "STAGE: must be one of"}},
		"a value that breaks its rule": {func(s *ssmtest.Store, _ map[string]string) { s.Put(databaseAt, "hush") }, []string{"SYSTEM_DATABASE_URL: must be a postgres:// URL"}},
		"denied": {func(s *ssmtest.Store, _ map[string]string) {
			s.Before(ssmtest.Refuse(http.StatusBadRequest, `{"__type":"AccessDeniedException","Message":"hush"}`))
		}, []string{"SYSTEM_DATABASE_URL: stands at " + databaseAt + ", and the parameter store cannot be read (AccessDeniedException); see docs/deploy.md",
			"CLERK_WEBHOOK_SECRET: stands at", "CLERK_WEBHOOK_SECRET_PREVIOUS: stands at"}},
	} {
		t.Run(name, func(t *testing.T) {
			store, env := referring(t)
			tc.spoil(store, env)
			_, err := New(hears, of(env))
			if err == nil || strings.Count(err.Error(), "cannot start") != 1 || strings.Contains(err.Error(), "hush") ||
				!strings.Contains(err.Error(), fmt.Sprintf("%d setting(s)", len(tc.want))) {
				t.Fatalf("said %v", err)
			}
			for _, sentence := range tc.want {
				if strings.Count(err.Error(), "  "+sentence) != 1 {
					t.Errorf("%v does not say %q once", err, sentence)
				}
			}
		})
	}
}

// TestTheStoreIsAskedAgainByTheWallClock has been red with the time of the last answer not kept, with a failure asked about at
// every event, and with a refused setting taken.
func TestTheStoreIsAskedAgainByTheWallClock(t *testing.T) {
	store, env := referring(t)
	app, err := New(hears, of(env))
	if err != nil {
		t.Fatal(err)
	}
	now := app.references.now()
	app.references.now = func() time.Time { return now }
	app.references.take(app.references.values)
	var log bytes.Buffer
	before := obs.Log
	obs.Redirect(&log)
	t.Cleanup(func() { obs.Log = before })
	down := ssmtest.Refuse(http.StatusBadRequest, `{"__type":"AccessDeniedException"}`)
	calls, lines := store.Calls(), 0
	step := func(what string, later time.Duration, change func(), wantCalls int, want bool, wantLines int) {
		t.Helper()
		now = now.Add(later)
		change()
		got := app.changed(t.Context())
		if asked := store.Calls() - calls; got != want || asked != wantCalls {
			t.Errorf("%s: changed is %t after %d calls", what, got, asked)
		}
		if wrote := strings.Count(log.String(), "\n") - lines; wrote != wantLines {
			t.Errorf("%s: %d lines in the log: %s", what, wrote, log.String())
		}
		calls, lines = store.Calls(), strings.Count(log.String(), "\n")
	}
	nothing := func() {}
	step("just read", freshFor-time.Second, nothing, 0, false, 0)
	step("old, and the same", time.Second, nothing, 1, false, 0)
	step("just read again", freshFor-time.Second, func() { store.Before(down) }, 0, false, 0)
	step("old, and the store is down", time.Second, nothing, 1, false, 1)
	step("within the minute", again-time.Second, nothing, 0, false, 0)
	step("a minute later, still down", time.Second, nothing, 1, false, 0)
	step("the store is back", again, func() { store.Before(nil) }, 1, false, 0)
	step("down again is said again", freshFor, func() { store.Before(down) }, 1, false, 1)
	step("back, with a value that breaks its rule", again, func() { store.Before(nil); store.Put(databaseAt, "hush") }, 1, false, 0)
	step("a required parameter is gone", again, func() { store.Delete(databaseAt) }, 1, false, 0)
	step("mended", again, func() { store.Put(databaseAt, "postgres://hush@localhost/x") }, 1, false, 0)
	step("the clock is set back", -time.Hour, nothing, 1, false, 0)
	step("an optional one appears, without its end", freshFor, func() { store.Put(formerAt, "whsec_hush") }, 1, false, 1)
	step("a new secret", again, func() { store.Delete(formerAt); store.Put(secretAt, "whsec_new_hush") }, 1, true, 0)
	if strings.Contains(log.String(), "hush") || !strings.Contains(log.String(), "AccessDeniedException") {
		t.Errorf("the log says %s", log.String())
	}
}
