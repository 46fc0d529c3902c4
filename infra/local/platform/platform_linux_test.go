package platform

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/platform/platformtest"
	"fitkit/infra/local/seed"
	"fitkit/infra/migrate"
)

// begin starts a platform of real parts in dir.
func begin(t *testing.T, dir string) *Platform {
	t.Helper()
	p, err := Start(t.Context(), Options{Root: root, Dir: dir, Fast: true, Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func dirFor(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		if err := Reset(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// One start serves all cases: it is what takes the time.
func TestTheWholePlatformRunsAndEnds(t *testing.T) {
	dir := dirFor(t)
	p := begin(t, dir)
	t.Run("its functions reach the stores", func(t *testing.T) { healthy(t, p) })
	t.Run("a signed-in owner is answered by a function", func(t *testing.T) { callAsOwner(t, p) })
	t.Run("an admin sees that those requests were counted", func(t *testing.T) { counted(t, p) })
	t.Run("browsers of our pages may call it and others may not", func(t *testing.T) { preflight(t, p) })
	t.Run("it is found from its folder", func(t *testing.T) {
		a, err := Running(dir)
		if err != nil || a.API != p.Addresses.API || a.PID != os.Getpid() || a.Clerk == "" || a.Cardcom == "" {
			t.Errorf("found %+v, %v", a, err)
		}
	})
	t.Run("a second start in the folder is refused", func(t *testing.T) {
		for _, port := range []int{0, portOf(t, p)} {
			refused(t, Options{Root: root, Dir: dir, Port: port}, "FitKit already runs from this folder")
		}
	})
	t.Run("a busy port is told with its holder before anything starts", func(t *testing.T) {
		port := portOf(t, p)
		refused(t, Options{Root: root, Dir: t.TempDir(), Port: port, Progress: func(line string) { t.Errorf("started: %s", line) }},
			"Port "+strconv.Itoa(port)+" is in use by platform.test (process "+strconv.Itoa(os.Getpid())+"); stop it or set PORT="+strconv.Itoa(port+1)+".")
	})
	t.Run("its data cannot be deleted under it", func(t *testing.T) {
		if err := Reset(dir); err == nil || !strings.Contains(err.Error(), "already runs") {
			t.Errorf("said %v", err)
		}
	})
	t.Run("what the queue forgot is sent again", func(t *testing.T) { forgotten(t, p) })
	t.Run("a sandbox that dies is told in a sentence", func(t *testing.T) { sandboxDies(t, p) })
	t.Run("it ends with all its processes", func(t *testing.T) {
		family := platformtest.Family(t, os.Getpid())
		if len(family) < 5 {
			t.Errorf("only %d processes run: %v", len(family), family)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if left := platformtest.Family(t, os.Getpid()); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if _, err := Running(dir); !errors.Is(err, ErrNotRunning) {
			t.Errorf("it is still found: %v", err)
		}
	})
}

func portOf(t *testing.T, p *Platform) int {
	t.Helper()
	port, err := strconv.Atoi(p.Addresses.API[strings.LastIndex(p.Addresses.API, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func refused(t *testing.T, o Options, want string) {
	t.Helper()
	p, err := Start(t.Context(), o)
	if err == nil {
		t.Fatal(errors.Join(errors.New("it started"), p.Stop()))
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("said %q, want %q", err, want)
	}
}

// healthy asks the function that asks the stores.
func healthy(t *testing.T, p *Platform) {
	body, err := fetch(t.Context(), p.Addresses.API+"/healthz")
	if err != nil {
		t.Errorf("%v: %s", err, body)
	}
}

func callAsOwner(t *testing.T, p *Platform) {
	clerk := seed.Clerk{URL: p.Addresses.Clerk}
	studio, err := clerk.CreateStudio(t.Context(), "סטודיו", "platform-test")
	if err != nil {
		t.Fatal(err)
	}
	owner := seed.Client{API: p.Addresses.API, Token: clerk.Session(studio.Users["owner"], studio.Organization)}
	var plan struct{ Name string }
	err = owner.Do(t.Context(), http.MethodPost, "/v1/plans", "platform-test", map[string]string{"name": "חודשי", "type": "recurring"}, &plan)
	if err != nil || plan.Name != "חודשי" {
		t.Errorf("made %+v, %v", plan, err)
	}
	stranger := seed.Client{API: p.Addresses.API, Token: func(context.Context) (string, error) { return "no-token", nil }}
	var problem *seed.Problem
	if err := stranger.Do(t.Context(), http.MethodPost, "/v1/plans", "platform-test", map[string]string{}, nil); !errors.As(err, &problem) || problem.Status != http.StatusUnauthorized {
		t.Errorf("a stranger was answered %v", err)
	}
}

// counted reads the page of functions after callAsOwner's two requests, one of which was refused. Red when the functions were
// pointed at an address without the figures.
func counted(t *testing.T, p *Platform) {
	clerk := seed.Clerk{URL: p.Addresses.Clerk}
	user, err := clerk.CreateUser(t.Context(), "מנהלת מערכת", "admin@platform-test.example")
	if err != nil {
		t.Fatal(err)
	}
	address, err := migrate.WithUser(p.Stores.AdminURL, "", "", database)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate.Appoint(t.Context(), address, user, "Admin"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Functions []struct {
			Name                           string
			Invocations, Errors, Throttles int
			Slowest                        float64 `json:"slowest_ms"`
		}
	}
	admin := seed.Client{API: p.Addresses.API, Token: clerk.Session(user, "")}
	if err := admin.Do(t.Context(), http.MethodGet, "/v1/admin/functions?minutes=1440", "", nil, &got); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Functions {
		switch f.Name {
		case "api-membership-create-plan":
			if f.Invocations != 2 || f.Errors != 0 || f.Throttles != 0 || f.Slowest <= 0 {
				t.Errorf("two calls are told as %+v", f)
			}
		case "api-billing-void-charge":
			if f.Invocations != 0 || f.Slowest != 0 {
				t.Errorf("no call is told as %+v", f)
			}
		}
	}
	if len(got.Functions) != len(p.Template.Functions) {
		t.Errorf("%d functions are shown and %d run", len(got.Functions), len(p.Template.Functions))
	}
}

func preflight(t *testing.T, p *Platform) {
	for origin, want := range map[string]string{"http://localhost:3000": "http://localhost:3000", "http://localhost:3000.evil.example": ""} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, p.Addresses.API+"/v1/plans", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", http.MethodPost)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s may call as %q, want %q", origin, got, want)
		}
	}
}

// forgotten asks what the next start does, without the start. The jobs are due next year, so the relay leaves them be.
func forgotten(t *testing.T, p *Platform) {
	conn, err := pgx.Connect(t.Context(), p.Variables["SYSTEM_DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), `insert into jobs (queue, dedupe_key, payload, state, available_at, sent_at, finished_at) values
		('test', 'sent', '{}', 'ready', now() + interval '1 year', now(), null),
		('test', 'done', '{}', 'done', now(), now(), now())`)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.resend(t.Context(), p.Variables["SYSTEM_DATABASE_URL"]); err != nil {
		t.Fatal(err)
	}
	var unsent string
	err = conn.QueryRow(t.Context(), "select string_agg(dedupe_key, ' ') from jobs where queue = 'test' and sent_at is null").Scan(&unsent)
	if err != nil || unsent != "sent" {
		t.Errorf("to be sent again: %q, %v", unsent, err)
	}
}

func sandboxDies(t *testing.T, p *Platform) {
	for _, s := range p.sandboxes {
		if s.name != "cardcom" {
			continue
		}
		if err := s.process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-p.Died():
		if !strings.HasPrefix(err.Error(), "The Cardcom sandbox stopped by itself. Its log is ") {
			t.Errorf("said %q", err)
		}
	case <-time.After(time.Minute):
		t.Error("nobody noticed")
	}
}
