package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/console"
	"fitkit/infra/local/gateway"
	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/scheduler"
	"fitkit/infra/local/seed"
	"fitkit/infra/local/template"
	"fitkit/shared/id"
	"fitkit/shared/platform"
	"fitkit/shared/platform/discard"
	"fitkit/shared/queue"
)

// parts stand for a platform: they note what they are asked to do.
type parts struct {
	lines    []host.LogLine
	dead     int64
	redriven []platform.Redrive
	discards []string
	ran      []string
	minted   int
	down     bool // the database
}

func (p *parts) Processes(string) []int { return []int{41, 42} }
func (p *parts) Busy(string) []int      { return []int{42} }

func (p *parts) Last(function string, _ int) (found []host.LogLine) {
	for _, l := range p.lines {
		if function == "" || l.Function == function {
			found = append(found, l)
		}
	}
	return found
}

func (p *parts) Depths(context.Context) ([]poller.Depth, error) {
	return []poller.Depth{{Queue: "fitkit-local-billing-execute-charge", Visible: 7, Dead: 3}}, nil
}

func (p *parts) RunNow(_ context.Context, name string, _ time.Time) (host.Result, error) {
	if name == "broken" {
		return host.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"no luck"}`)}, nil
	}
	if name != "job-relay" {
		return host.Result{}, fmt.Errorf("run %s: %w", name, scheduler.ErrUnknownSchedule)
	}
	p.ran = append(p.ran, name)
	return host.Result{Payload: []byte(`{"ran":true,"selected":5}`)}, nil
}

func (p *parts) Queues(context.Context) (list []platform.QueueJobs, err error) {
	if p.down {
		return nil, errors.New("no answer")
	}
	for _, name := range queue.Names {
		list = append(list, platform.QueueJobs{Queue: name})
	}
	list[0].Dead, list[0].Ready = p.dead, 2
	return list, nil
}

func (p *parts) Dead(_ context.Context, q queue.Name, _ *platform.Death, _ int) ([]platform.DeadJob, error) {
	return []platform.DeadJob{{Queue: q, Reason: "billing.gateway_down", Correlation: "the-request", DiedAt: at(9)}}, nil
}

func (p *parts) Redrive(_ context.Context, r platform.Redrive) (platform.Redriven, error) {
	if r.Queue == "nobody" {
		return platform.Redriven{}, platform.ErrUnknownQueue
	}
	p.redriven = append(p.redriven, r)
	return platform.Redriven{Jobs: p.dead, Left: 1}, nil
}

func (p *parts) Discard(_ context.Context, org id.Org, job id.Job, by, reason string) error {
	if reason == "of a charge" {
		return discard.ErrOwed
	}
	p.discards = append(p.discards, org.String()+" "+job.String()+" "+by+" "+reason)
	return nil
}

func (p *parts) CronRuns(_ context.Context, now time.Time) ([]platform.CronRun, error) {
	slot, found := at(1), int64(12)
	return []platform.CronRun{{Cron: platform.Cron{Name: "cron-job-relay"}, LastSlot: &slot, StartedAt: &slot, FinishedAt: &slot, Selected: &found, Next: now}}, nil
}

func at(second int) time.Time { return time.Date(2026, 11, 23, 10, 0, second, 0, time.UTC) }

// served is a console behind the gateway, as the platform mounts it.
type served struct {
	*parts
	url string
}

func serve(t *testing.T) served {
	t.Helper()
	p := &parts{dead: 3, lines: []host.LogLine{
		{Function: "api-room", RequestID: "r1", Time: at(1), Line: `{"time":"x","level":"INFO","msg":"invocation","status":200,"correlation_id":"the-request"}`},
		{Function: "api-room", RequestID: "r1", Time: at(2), Line: `{"time":"x","type":"platform.report","record":{"requestId":"r1","metrics":{"durationMs":12.500},"status":"success"}}`},
		{Function: "job-room", RequestID: "r2", Time: at(3), Line: `{"time":"x","level":"ERROR","msg":"invocation","error":"<b>no luck</b>","correlation_id":"the-request"}`},
		{Function: "job-room", RequestID: "r2", Time: at(4), Line: `{"time":"x","type":"platform.report","record":{"requestId":"r2","metrics":{"durationMs":1},"status":"error"}}`},
		{Function: "cron-job-relay", Time: at(5), Line: host.ErrBuild.Error() + ": syntax error"},
	}}
	clerk, cardcom, neon := sandbox(t, p.answerClerk), sandbox(t, answerCardcom), sandbox(t, answerNeon)
	record := filepath.Join(t.TempDir(), seed.FileName)
	raw, err := json.Marshal(seed.Record{Studio: seed.Studio{Organization: "org_1", Users: map[string]string{"owner": "user_1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	api := sandbox(t, answerAPI)
	plan := &template.Platform{
		Functions: []template.Function{
			{Name: "api-room", MemoryMB: 512, Timeout: 29 * time.Second, Env: map[string]string{"DATABASE_URL": "postgres://app:geheim@db/x"}, URL: &template.FunctionURL{AuthType: "NONE"}},
			{Name: "job-room"}, {Name: "cron-job-relay"}, {Name: "socket-room"},
		},
		Routes:       []template.Route{{Method: "GET", Path: "/v1/rooms/{room}", Function: "api-room"}},
		EventSources: []template.EventSource{{Function: "job-room", Queue: "fitkit-local-billing-execute-charge"}},
		Schedules:    []template.Schedule{{Name: "job-relay", Function: "cron-job-relay", Expression: "rate(1 minute)", Zone: "Asia/Jerusalem", Enabled: true}},
		Sockets:      []template.SocketRoute{{Key: "$connect", Function: "socket-room"}},
	}
	g, err := gateway.New(gateway.Options{Platform: &template.Platform{}})
	if err != nil {
		t.Fatal(err)
	}
	c := console.New(console.Options{
		Template: plan, API: api.URL, Host: p, Logs: p, Queues: p, Schedules: p, Jobs: p,
		Parts: []console.Part{{Name: "PostgreSQL", Kind: "store", URL: "postgres://app:geheim@127.0.0.1:1/x"}, {Name: "Clerk", Kind: "sandbox", URL: clerk.URL}},
		Clerk: console.Service{URL: clerk.URL, Key: "sk"}, Cardcom: console.Service{URL: cardcom.URL}, Neon: console.Service{URL: neon.URL, Key: "nk"},
		Seed: record, Document: "../../../docs/openapi.yaml",
	})
	g.Mount(console.Root, c)
	g.Mount(console.Root+"/", c)
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return served{p, server.URL + console.Root}
}

func sandbox(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server
}

func (p *parts) answerClerk(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/_dev/token":
		p.minted++
		fmt.Fprint(w, `{"jwt":"eyJ.of.owner"}`)
	case r.URL.Path == "/_dev/studio":
		fmt.Fprint(w, `{"organization":"org_2","name":"חדש","users":{"owner":"user_2"}}`)
	case r.URL.Path == "/_dev/webhooks":
		fmt.Fprint(w, `[{"type":"user.created","try":1,"status":200,"at":"2026-11-23T10:00:00Z"},{"type":"user.updated","try":2,"error":"refused"},{"type":"user.deleted","dropped":true}]`)
	case r.Header.Get("Authorization") != "Bearer sk":
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasSuffix(r.URL.Path, "/memberships"):
		fmt.Fprint(w, `{"data":[{"public_user_data":{"user_id":"user_1"}}]}`)
	case r.URL.Path == "/v1/organizations":
		fmt.Fprint(w, `{"data":[{"id":"org_1","name":"סטודיו","slug":"studio","created_at":1795600000000}]}`)
	default:
		fmt.Fprint(w, `[{"id":"user_1","first_name":"דנה","last_name":null,"email_addresses":[{"email_address":"dana@example.com"}],"created_at":1795600000000}]`)
	}
}

func answerCardcom(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_sandbox/pages" {
		fmt.Fprint(w, `[{"lowProfileId":"lp-1","url":"http://127.0.0.1:9/EA/LPC6/1000/lp-1","operation":"CreateTokenOnly","amountAgorot":100,"done":true}]`)
		return
	}
	fmt.Fprint(w, `{"transactions":[{"tranzactionId":260700001,"kind":"charge","amountAgorot":32005,"token":"card-token","last4":"0000","at":"2026-11-23T10:00:00Z"}],"refunds":[],"totals":{"captured":1,"capturedAgorot":32005}}`)
}

func answerNeon(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer nk" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, `{"branches":[{"id":"br-proof","name":"proof","current_state":"ready","created_at":"2026-11-23T10:00:00Z"}]}`)
}

// answerAPI is the test clock: it stands, and takes what it is told.
func answerAPI(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Authorization") != "Bearer eyJ.of.owner" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if strings.Contains(string(body), "2026-12-23T10:00:00Z") { // thirty days on
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"code":"org.test_clock_advancing","title":"The clock is still advancing.","title_he":"השעון עדיין מתקדם."}`)
		return
	}
	fmt.Fprint(w, `{"now":"2026-11-23T10:00:00Z","status":"ready","open_jobs":0}`)
}
