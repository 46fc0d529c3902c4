package platformapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/config"
	"fitkit/shared/id"
	"fitkit/shared/platform"
	"fitkit/shared/platform/discard"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// late is the overview that exists once the environment's database does.
type late struct{ *platform.Overview }

type lateDiscards struct{ *discard.Store }

// counted is SQS, of which one queue does not answer.
type counted struct{}

func (counted) Depth(_ context.Context, name queue.Name) (queue.Depth, error) {
	if name == "billing-resolve-unknown" {
		return queue.Depth{}, errors.New("no answer")
	}
	return queue.Depth{Waiting: 2, Dead: 1}, nil
}

// measured is CloudWatch, which knows of one function that it was called.
type measured struct{ since, until *time.Time }

func (m measured) Figures(_ context.Context, names []string, since, until time.Time) (map[string]platform.Figures, error) {
	if len(names) != len(platform.Functions) {
		return nil, errors.New("asked for too few")
	}
	if m.since != nil {
		*m.since, *m.until = since, until
	}
	return map[string]platform.Figures{"job-billing-execute-charge": {Invocations: 9, Errors: 2, Failed: 4, Throttles: 1, AverageMS: 12.345, SlowestMS: 80}}, nil
}

func serve(t *testing.T) *apitest.Env {
	t.Helper()
	l, d := &late{}, &lateDiscards{}
	health := platform.NewChecker(platform.Store{Name: "sqs", Ping: func(context.Context) error { return errors.New("no answer") }})
	e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
		return []api.Endpoint{platformapi.ListQueues(l, counted{}), platformapi.ListDeadJobs(l), platformapi.RedriveJobs(l), platformapi.DiscardJob(d),
			platformapi.ListCrons(l), platformapi.GetMoney(l), platformapi.ListStores(health), platformapi.ListFunctions(measured{}),
			platformapi.GetNeon(platform.NewNeon(&config.Neon{})), platformapi.GetFormerSystem(platform.NewRailway(&config.Railway{}))}
	})
	l.Overview, d.Store = platform.NewOverview(e.System), discard.NewStore(e.System)
	return e
}

var panels = []string{"queues", "jobs/dead", "crons", "money", "stores", "neon", "former-system", "functions"}

func TestOnlyFitKitsOwnPeopleSeeThePanels(t *testing.T) {
	t.Parallel()
	e := serve(t)
	for _, panel := range panels {
		t.Run(panel, func(t *testing.T) {
			path := "/v1/admin/" + panel
			e.A.As(t, tenancy.Owner).Get(path).Want(404, "not_found")
			e.Anonymous(t).Get(path).Want(401, "auth.sign_in")
			e.AsAdmin(t).Get(path).Want(200)
		})
	}
	e.A.As(t, tenancy.Owner).Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-apply-clerk-event"}).Want(404, "not_found")
	e.A.As(t, tenancy.Owner).Post("/v1/admin/jobs/"+id.New[id.Job]().String()+"/discard", map[string]any{"reason": "seen to"}).Want(404, "not_found")
}

// giveUp puts n dead jobs of a studio into a queue.
func giveUp(t *testing.T, e *apitest.Env, q string, n int) {
	t.Helper()
	e.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at, last_error, attempts, correlation)
		select $1, $2, 'k' || i, '{}', 'dead', now() - i * interval '1 minute', 'internal', 5, 'the-request' from generate_series(1, $3) i`, e.A.Org, q, n)
}

func TestAQueueShowsItsJobsAndItsMessages(t *testing.T) {
	t.Parallel()
	e := serve(t)
	giveUp(t, e, "billing-execute-charge", 2)
	e.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, available_at, lease_until) values
		($1, 'billing-execute-charge', 'due', '{}', now() - interval '1 hour', null),
		($1, 'billing-execute-charge', 'later', '{}', now() + interval '1 hour', null),
		($1, 'billing-execute-charge', 'held', '{}', now(), now() + interval '1 hour'),
		($1, 'billing-execute-charge', 'left', '{}', now(), now() - interval '1 hour')`, e.A.Org)
	var got struct {
		Queues []struct {
			Name                        string
			Ready, Later, Running, Dead int
			OldestDue                   *time.Time `json:"oldest_due_at"`
			Messages                    *struct{ Waiting, Dead int }
		}
	}
	e.AsAdmin(t).Get("/v1/admin/queues").Want(200).Into(&got)
	if len(got.Queues) != len(queue.Names) {
		t.Fatalf("%d queues", len(got.Queues))
	}
	q := got.Queues[0]
	if q.Name != "billing-execute-charge" || q.Ready != 2 || q.Later != 1 || q.Running != 1 || q.Dead != 2 || q.OldestDue == nil || q.Messages.Dead != 1 {
		t.Errorf("%+v", q)
	}
	for _, q := range got.Queues {
		if (q.Messages == nil) != (q.Name == "billing-resolve-unknown") {
			t.Errorf("%s: messages %+v", q.Name, q.Messages)
		}
	}
	var dead struct {
		Jobs []struct {
			Queue, Reason string
			Correlation   string `json:"correlation_id"`
			Attempts      int
		}
	}
	e.AsAdmin(t).Get("/v1/admin/jobs/dead?queue=billing-execute-charge&limit=1").Want(200).Into(&dead)
	if len(dead.Jobs) != 1 || dead.Jobs[0].Reason != "internal" || dead.Jobs[0].Correlation != "the-request" || dead.Jobs[0].Attempts != 5 {
		t.Errorf("%+v", dead)
	}
}

// TestDeadJobsAreListedToTheLast has been seen red with the list cut at its limit, with a page that begins with the last row of the one
// before, with those that died in one instant passed over, and with a misspelt queue answered by an empty list.
func TestDeadJobsAreListedToTheLast(t *testing.T) {
	t.Parallel()
	e := serve(t)
	giveUp(t, e, "billing-execute-charge", 3)
	giveUp(t, e, "org-apply-clerk-event", 2)
	e.Exec(t, "update jobs set finished_at = (select min(finished_at) from jobs) where queue = 'org-apply-clerk-event'") // in one instant
	for path, want := range map[string]int{"/v1/admin/jobs/dead?limit=2": 5, "/v1/admin/jobs/dead?limit=1&queue=billing-execute-charge": 3} {
		seen, cursor := map[string]bool{}, ""
		for pages := 0; pages == 0 || cursor != ""; pages++ {
			var page struct {
				Jobs []struct{ ID string }
				Next string `json:"next_cursor"`
			}
			e.AsAdmin(t).Get(path + "&cursor=" + cursor).Want(200).Into(&page)
			for _, j := range page.Jobs {
				if seen[j.ID] {
					t.Fatalf("%s: %s is listed twice", path, j.ID)
				}
				seen[j.ID] = true
			}
			cursor = page.Next
		}
		if len(seen) != want {
			t.Errorf("%s: %d jobs are listed, want %d", path, len(seen), want)
		}
	}
	e.AsAdmin(t).Get("/v1/admin/jobs/dead?queue=billing-execute-charges").Want(422, "platform.unknown_queue")
	e.AsAdmin(t).Get("/v1/admin/jobs/dead?cursor=x").Want(422, "request.invalid")
}

// TestChosenJobsAreTriedAgain has been seen red with the ids left out of the statement, and with a job of another queue brought back.
func TestChosenJobsAreTriedAgain(t *testing.T) {
	t.Parallel()
	e := serve(t)
	giveUp(t, e, "org-apply-clerk-event", 3)
	giveUp(t, e, "billing-execute-charge", 1)
	of := func(where string) string {
		return postgrestest.Get[string](t, e.Database, "select id::text from jobs where "+where)
	}
	chosen, other := of("queue = 'org-apply-clerk-event' and dedupe_key = 'k2'"), of("queue = 'billing-execute-charge'")
	var r redriven
	e.AsAdmin(t).Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-apply-clerk-event", "job_ids": []string{chosen, other}}).Want(200).Into(&r)
	if back := of("state = 'ready'"); back != chosen || r.Redriven != 1 || r.Left != 2 {
		t.Errorf("%s came back, %+v", back, r)
	}
	for _, ids := range [][]string{{}, {"x"}} {
		e.AsAdmin(t).Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-apply-clerk-event", "job_ids": ids}).Want(422, "request.invalid")
	}
}

// TestADiscardedJobIsListedNoMore has been seen red with the job deleted, and with it counted among the dead.
func TestADiscardedJobIsListedNoMore(t *testing.T) {
	t.Parallel()
	e := serve(t)
	giveUp(t, e, "org-apply-clerk-event", 1)
	job := postgrestest.Get[string](t, e.Database, "select id::text from jobs")
	path := "/v1/admin/jobs/" + job + "/discard"
	e.AsAdmin(t).Post(path, map[string]any{"reason": "x"}).Want(422, "request.invalid")
	e.AsAdmin(t).Post(path, map[string]any{"org_id": e.B.Org, "reason": "of a studio that left"}).Want(404, "platform.job_not_found")
	e.AsAdmin(t).Post(path, map[string]any{"reason": "   "}).Want(422, "platform.discard_reason")
	for range 2 { // a repeat finds it discarded
		if got := e.AsAdmin(t).Post(path, map[string]any{"org_id": e.A.Org, "reason": "of a studio that left"}).Want(200).Field("job_id"); got != job {
			t.Errorf("answered %s", got)
		}
	}
	if by := postgrestest.Get[string](t, e.Database, "select discarded_by from jobs where state = 'discarded'"); by != "admin:user_admin" {
		t.Errorf("discarded by %s", by)
	}
	var dead struct{ Jobs []any }
	e.AsAdmin(t).Get("/v1/admin/jobs/dead").Want(200).Into(&dead)
	var r redriven
	e.AsAdmin(t).Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-apply-clerk-event"}).Want(200).Into(&r)
	if len(dead.Jobs) != 0 || r.Redriven != 0 || r.Left != 0 {
		t.Errorf("listed %v, and brought back %+v", dead.Jobs, r)
	}
	e.AsAdmin(t).Post("/v1/admin/jobs/"+id.New[id.Job]().String()+"/discard", map[string]any{"reason": "seen to"}).Want(404, "platform.job_not_found")
}

type redriven struct {
	Redriven, Left int
	LastDue        time.Time `json:"last_due_at"`
}

func TestARedriveBringsBackSoManyAtARateAndTwiceHasOneEffect(t *testing.T) {
	t.Parallel()
	e := serve(t)
	giveUp(t, e, "org-apply-clerk-event", 5)
	giveUp(t, e, "billing-execute-charge", 1)
	e.Exec(t, "insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at) values ($1, 'org-apply-clerk-event', 'done', '{}', 'done', now())", e.A.Org)
	admin := e.AsAdmin(t)
	redrive := func(max int) (r redriven) {
		admin.Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-apply-clerk-event", "max": max, "per_second": 2}).Want(200).Into(&r)
		return r
	}
	if r := redrive(3); r.Redriven != 3 || r.Left != 2 {
		t.Fatalf("%+v", r)
	}
	// Three at two in a second: at once, after half a second, after a second.
	spread := postgrestest.Get[float64](t, e.Database, "select extract(epoch from max(available_at) - min(available_at))::float8 from jobs where state = 'ready'")
	if spread != 1 {
		t.Errorf("they are due over %v seconds", spread)
	}
	if first := postgrestest.Get[string](t, e.Database, "select string_agg(dedupe_key, ' ' order by available_at) from jobs where state = 'ready'"); first != "k5 k4 k3" {
		t.Errorf("in the order %s", first)
	}
	// The same again brings back the next ones, so no client may send it again by itself. Red without Once in the declaration.
	if r := redrive(100); r.Redriven != 2 || r.Left != 0 || !platformapi.RedriveJobsOp.Once {
		t.Fatalf("%+v, Once %v", r, platformapi.RedriveJobsOp.Once)
	}
	if r := redrive(100); r.Redriven != 0 || r.Left != 0 || !r.LastDue.IsZero() {
		t.Fatalf("a third time: %+v", r)
	}
	if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from jobs where state = 'ready' and sent_at is null and resends = 0 and attempts = 5"); n != 5 {
		t.Errorf("%d are ready to be sent", n)
	}
	if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from jobs where state <> 'ready'"); n != 2 {
		t.Errorf("%d were left alone: one of another queue, one that is done", n)
	}
	admin.Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-aply-clerk-event"}).Want(422, "platform.unknown_queue")
	admin.Post("/v1/admin/jobs/redrive", map[string]any{"queue": "org-apply-clerk-event", "max": 1001}).Want(422, "request.invalid")
}

func TestSchedulesShowTheirLastRunAndTheirNext(t *testing.T) {
	t.Parallel()
	e := serve(t)
	e.Exec(t, `insert into cron_runs (name, slot, started_at, lease_until, finished_at, selected) values
		('cron-job-relay', '2026-11-23T10:00:00Z', now(), now(), '2026-11-23T10:00:01Z', 7), ('cron-job-relay', '2026-11-23T10:01:00Z', now(), now(), null, null)`)
	var got struct {
		Crons []struct {
			Name      string
			LastSlot  *time.Time `json:"last_slot"`
			Finished  *time.Time `json:"finished_at"`
			Succeeded *time.Time `json:"succeeded_at"`
			Next      time.Time  `json:"next_at"`
		}
	}
	e.AsAdmin(t).Get("/v1/admin/crons").Want(200).Into(&got)
	if len(got.Crons) != len(platform.Crons) {
		t.Fatalf("%d schedules", len(got.Crons))
	}
	for _, c := range got.Crons {
		ran := c.Name == "cron-job-relay"
		if (c.LastSlot != nil) != ran || (c.Succeeded != nil) != ran || c.Finished != nil || !c.Next.After(time.Now()) {
			t.Errorf("%+v", c)
		}
	}
}

// Red when functions without figures were left out, with seconds left in the span, with one minute allowed, without the failures that it told of, and with the rest of a
// function's name for its stack.
func TestEveryFunctionIsShownWithWhatItDid(t *testing.T) {
	t.Parallel()
	var since, until time.Time
	e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
		return []api.Endpoint{platformapi.ListFunctions(measured{&since, &until})}
	})
	var got struct {
		Since, Until time.Time
		Functions    []struct {
			Name, Trigger, Stack           string
			Memory                         int `json:"memory_mb"`
			Timeout                        int `json:"timeout_seconds"`
			Invocations, Errors, Throttles int
			Failed                         int
			Average                        float64 `json:"average_ms"`
			Slowest                        float64 `json:"slowest_ms"`
		}
	}
	e.AsAdmin(t).Get("/v1/admin/functions").Want(200).Into(&got)
	if len(got.Functions) != len(platform.Functions) || !got.Since.Equal(since) || !got.Until.Equal(until) {
		t.Fatalf("%d functions from %s to %s", len(got.Functions), got.Since, got.Until)
	}
	if until.Sub(since) != time.Hour || until.Truncate(time.Minute) != until {
		t.Errorf("asked from %s to %s", since, until)
	}
	triggers := map[string]bool{}
	for i, f := range got.Functions {
		triggers[f.Trigger] = true
		of := platform.Functions[i]
		if f.Name != of.Name || !strings.HasPrefix(f.Name, f.Trigger+"-"+f.Stack+"-") ||
			f.Memory != of.MemoryMB || f.Timeout != of.TimeoutSeconds || f.Memory == 0 || f.Timeout == 0 {
			t.Errorf("%+v", f)
		}
		if called := f.Name == "job-billing-execute-charge"; called != (f.Invocations == 9 && f.Errors == 2 && f.Failed == 4 && f.Throttles == 1 && f.Average == 12.3 && f.Slowest == 80) ||
			!called && (f.Invocations != 0 || f.Slowest != 0) {
			t.Errorf("%+v", f)
		}
	}
	if len(triggers) != 5 {
		t.Errorf("triggers %v", triggers)
	}
	e.AsAdmin(t).Get("/v1/admin/functions?minutes=1440").Want(200)
	if until.Sub(since) != 24*time.Hour {
		t.Errorf("asked from %s to %s", since, until)
	}
	for _, minutes := range []string{"4", "1441", "x"} {
		e.AsAdmin(t).Get("/v1/admin/functions?minutes="+minutes).Want(422, "request.invalid")
	}
}

func TestOpenCasesAreShownWithoutTheirWords(t *testing.T) {
	t.Parallel()
	e := serve(t)
	e.Exec(t, `insert into money_cases (org_id, kind, detail, state) values ($1, 'unmapped_code', 'of Dana', 'open'), ($1, 'unmapped_code', 'of Dana', 'closed')`, e.B.Org)
	var got struct {
		OpenCases int `json:"open_cases"`
		ByKind    any `json:"open_cases_by_kind"`
		Cases     []map[string]any
	}
	e.AsAdmin(t).Get("/v1/admin/money").Want(200).Into(&got)
	if fmt.Sprint(got.ByKind) != "map[unmapped_code:1]" {
		t.Errorf("by kind %v", got.ByKind)
	}
	if got.OpenCases != 1 || len(got.Cases) != 1 || got.Cases[0]["org_id"] != e.B.Org.String() || got.Cases[0]["detail"] != nil {
		t.Errorf("%+v", got)
	}
}

// TestDaysWithoutAProofAreShown has been seen red without the days that no night has tried yet, and with days and findings of a test terminal
// or of a test studio.
func TestDaysWithoutAProofAreShown(t *testing.T) {
	t.Parallel()
	e := serve(t)
	e.Exec(t, `insert into day_proofs (org_id, day, state, tries, tried_at, differences) values ($1, '2026-03-02', 'waiting', 0, null, '[]'),
		($1, '2026-03-01', 'differs', 2, '2026-03-03T01:30:00Z', '["Dana"]'), ($1, '2026-02-28', 'proven', 1, now(), '[]'), ($1, '2026-02-27', 'explained', 1, now(), '["Dana"]')`, e.B.Org)
	e.Exec(t, `insert into money_cases (org_id, kind, subject, day, detail) values ($1, 'not_in_books', '999', '2026-03-01', 'of Dana')`, e.B.Org)
	e.Exec(t, `insert into day_proofs (org_id, day, state, tries, tried_at, figures) values ($1, '2020-03-02', 'differs', 1, now(), '{"moves_money": false}')`, e.B.Org)
	e.Exec(t, `insert into money_cases (org_id, kind, subject, day, detail) values ($1, 'not_in_books', '998', '2020-03-02', 'of nobody')`, e.B.Org)
	e.Exec(t, `update orgs set test_mode = id = $1`, e.A.Org)
	e.Exec(t, `insert into day_proofs (org_id, day) values ($1, '2020-03-01')`, e.A.Org)
	e.Exec(t, `insert into money_cases (org_id, kind, subject, day, detail) values ($1, 'listed_twice', '7', '2020-03-01', 'a test')`, e.A.Org)
	got := e.AsAdmin(t).Get("/v1/admin/money").Want(200).Body
	want := `"open_cases":1,"open_cases_by_kind":{"not_in_books":1},"cases":[{"org_id":"ORG","id":"*","kind":"not_in_books","subject":"999","day":"2026-03-01","opened_at":"*"}],` +
		`"unproven_days":2,"days":[{"org_id":"ORG","day":"2026-03-01","state":"differs","tries":2,"tried_at":"2026-03-03T01:30:00Z"},{"org_id":"ORG","day":"2026-03-02","state":"waiting","tries":0}]`
	of := regexp.MustCompile(`"(id|opened_at)":"[^"]+"`).ReplaceAllString(strings.ReplaceAll(string(got), e.B.Org.String(), "ORG"), `"$1":"*"`)
	if !strings.Contains(of, want) {
		t.Errorf("%s\nlacks\n%s", of, want)
	}
}

func TestWithoutItsKeyOnlyThatPanelIsHidden(t *testing.T) {
	t.Parallel()
	e := serve(t)
	for _, panel := range []string{"neon", "former-system"} {
		if body := string(e.AsAdmin(t).Get("/v1/admin/" + panel).Want(200).Body); body != `{"configured":false}` {
			t.Errorf("%s: %s", panel, body)
		}
	}
}

func TestVendorsAreReadAndTheirRefusalsTold(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		answer string
		want   int
		says   string
	}{
		"what it uses":           {200, `{"project":{"name":"fitkit","compute_time_seconds":7},"data":{"deployments":{"edges":[{"node":{"id":"d","status":"SUCCESS"}}]}}}`, 200, ""},
		"a key that has expired": {401, `{"code":"","message":"not allowed"}`, 409, "platform.vendor_key_refused"},
		"a vendor that is down":  {503, `down`, 503, "platform.vendor_unavailable"},
		"an unreadable answer":   {200, `<html>`, 503, "platform.vendor_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer the-key" {
					t.Errorf("asked as %q", r.Header.Get("Authorization"))
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.answer))
			}))
			defer vendor.Close()
			e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
				return []api.Endpoint{
					platformapi.GetNeon(platform.NewNeon(&config.Neon{APIKey: "the-key", Project: "p", APIURL: vendor.URL})),
					platformapi.GetFormerSystem(platform.NewRailway(&config.Railway{APIToken: "the-key", Project: "p", APIURL: vendor.URL}))}
			})
			for _, panel := range []string{"neon", "former-system"} {
				got := e.AsAdmin(t).Get("/v1/admin/" + panel)
				if got.Status != tc.want || got.Code() != tc.says {
					t.Errorf("%s: %d %s", panel, got.Status, got.Body)
				}
			}
		})
	}
}
