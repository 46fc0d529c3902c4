package faults

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
	"fitkit/shared/id"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/outbox"
	"fitkit/shared/platform"
	"fitkit/shared/postgres/postgrestest"
)

// The poisoned function is a job's with little memory and time. A message comes again after its worker's lease.
const (
	poisonedQueue = "org-apply-clerk-event"
	poisonedAgain = 5 * time.Second
	poisonedTime  = 3 * time.Second
)

// note is what a studio wrote: no reason and no log line may hold it.
const note = "a note that nobody may repeat, 314159265; "

// poisoned is a job's function under the real host, fed from a real SQS server, with a queue of its own.
type poisoned struct {
	*postgrestest.Database
	host     *host.Host
	line     *poller.Poller
	relay    *outbox.Relay
	prefix   string // of its queues' addresses
	repaired string // the file that repairs it
}

// TestAMessageThatKillsItsProcessDiesAlone is T8 for what no code can answer to: a message that exhausts its function's memory
// and one that never ends, in one batch with good ones. After five receives they are dead letters, after the relay's resends
// their rows say so and nothing of what the studio wrote; repaired and redriven, twice, each has its effect once.
//
// It has been seen red with ten messages in a batch, where those behind a bad one were never reached and became dead letters too;
// with a host that lets a function have all memory; and with the relay's giving up left out.
func TestAMessageThatKillsItsProcessDiesAlone(t *testing.T) {
	t.Parallel()
	p := newPoisoned(t)
	for i, do := range []string{"good", "exhaust memory", "good", "good", "never end", "good"} {
		p.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, sent_at, created_at)
			select id, $1, ($3::int)::text, jsonb_build_object('do', $2::text, 'n', $3::int, 'note', $4::text), now(), now() - interval '1 minute' from orgs`,
			poisonedQueue, do, i, note)
	}
	sendJobs(t, p.Database, p.prefix)
	p.line.Start()
	p.idle(t)
	if got, want := p.rows(t), "exhaust memory ready 5, good done 1, good done 1, good done 1, good done 1, never end ready 5"; got != want {
		t.Fatalf("kind, state and tries: %s\nwant %s", got, want)
	}
	if n := p.dead(t); n != 2 {
		t.Fatalf("%d dead letters of two bad messages", n)
	}

	// As it stands two hours later: the relay has sent them three times more, and nobody finished them.
	p.Exec(t, "update jobs set resends = 3, sent_at = now() - interval '31 minutes' where state = 'ready'")
	p.send(t)
	const reasons = "select string_agg(state || ' ' || last_error, ', ') from jobs where payload->>'do' <> 'good'"
	if got := postgrestest.Get[string](t, p.Database, reasons); got != "dead relay.lost, dead relay.lost" {
		t.Fatalf("the rows say %q", got)
	}
	killed, late := 0, 0
	for _, l := range p.host.Logs().Last("", 1000) {
		if strings.Contains(l.Line, note[:10]) {
			t.Errorf("a line holds what the studio wrote: %s", l.Line)
		}
		killed += strings.Count(l.Line, "out of memory")
		late += strings.Count(l.Line, `"status":"timeout"`)
	}
	if killed == 0 || late == 0 {
		t.Errorf("%d processes were killed for their memory and %d for their time", killed, late)
	}

	if err := os.WriteFile(p.repaired, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{2, 0} {
		done, err := platform.NewOverview(p.System).Redrive(t.Context(), platform.Redrive{Queue: poisonedQueue, Max: 10, PerSecond: 100})
		if err != nil || done.Jobs != want {
			t.Fatalf("brought back %+v, %v; want %d", done, err, want)
		}
		until(t, "what was redriven is done", func() bool {
			p.send(t)
			return postgrestest.Get[bool](t, p.Database, "select not exists (select from jobs where state <> 'done')")
		})
		p.idle(t)
	}
	if got := postgrestest.Get[string](t, p.Database, "select string_agg(n::text, ' ' order by n) from effects"); got != "0 1 2 3 4 5" {
		t.Errorf("the effects are those of %s", got)
	}
}

func newPoisoned(t *testing.T) *poisoned {
	t.Helper()
	p := &poisoned{Database: postgrestest.New(t), repaired: filepath.Join(t.TempDir(), "repaired")}
	p.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 'studio')", id.New[id.Org]())
	p.Exec(t, "create table effects (n int not null)")
	p.Exec(t, "grant insert on effects to fitkit_app")
	f := template.Function{Name: "job-" + poisonedQueue, LambdaName: "flt-job-" + poisonedQueue, CodeDir: t.TempDir(), MemoryMB: 128, Timeout: poisonedTime,
		Env: map[string]string{"STAGE": "test", "DATABASE_URL": p.AppURL, "REPAIRED": p.repaired}}
	build := exec.Command("go", "build", "-tags", "lambda.norpc,timetzdata", "-trimpath", "-ldflags", "-s -w",
		"-o", filepath.Join(f.CodeDir, "bootstrap"), "./testdata/poisoned")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, bytes.TrimSpace(out))
	}
	var err error
	if p.host, err = host.New(host.Options{Functions: []template.Function{f}, Region: stores.Region, InitLimit: time.Minute}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.host.Close(); err != nil {
			t.Error(err)
		}
	})
	p.connect(t, f.Name)
	return p
}

// connect makes its queue and the two that send to it: the poller's batches are as large as the deployed job's.
func (p *poisoned) connect(t *testing.T, function string) {
	t.Helper()
	endpoint, name := os.Getenv("TEST_SQS_ENDPOINT_URL"), "flt-"+id.New[id.Event]().String()[24:]+"-"
	p.prefix = endpoint + "/" + stores.Account + "/" + name
	p.relay = outbox.NewRelay(p.System, outbox.NewSender(outbox.Config{URLPrefix: p.prefix, Endpoint: endpoint, Region: stores.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})}))
	q := template.Queue{Name: name + poisonedQueue, Visibility: poisonedAgain, Retention: time.Hour, DLQ: name + poisonedQueue + "-dlq", MaxReceive: 5}
	var err error
	p.line, err = poller.New(t.Context(), poller.Options{Region: stores.Region, Client: poller.NewClient(endpoint, stores.Region), Invoker: p.host,
		CrashVisibility: poisonedAgain, Platform: &template.Platform{
			Queues: []template.Queue{q, {Name: q.DLQ, Visibility: time.Minute, Retention: time.Hour}},
			EventSources: []template.EventSource{{Function: function, Queue: q.Name, Enabled: true, BatchSize: orgjob.ApplyClerkEventOp.Spec().Queue.BatchSize, MaximumConcurrency: 4,
				ReportFailures: true}},
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.line.Close)
}

// send has the relay send what is due.
func (p *poisoned) send(t *testing.T) {
	t.Helper()
	if _, err := p.relay.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// idle waits until every message is done or a dead letter.
func (p *poisoned) idle(t *testing.T) {
	t.Helper()
	until(t, "no message is left", func() bool {
		idle, err := p.line.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return idle
	})
}

func (p *poisoned) dead(t *testing.T) int {
	t.Helper()
	depths, err := p.line.Depths(t.Context())
	if err != nil || len(depths) != 1 {
		t.Fatalf("%v, %v", depths, err)
	}
	return depths[0].Dead
}

func (p *poisoned) rows(t *testing.T) string {
	t.Helper()
	return postgrestest.Get[string](t, p.Database, `select string_agg(payload->>'do' || ' ' || state || ' ' || attempts, ', ' order by payload->>'do') from jobs`)
}
