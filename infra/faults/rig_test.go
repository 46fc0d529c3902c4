package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// crashVisibility is when SQS gives a message to another worker where time limits are short: just after the lease of
// the worker that died.
const crashVisibility = 10 * time.Second

// rig is one studio whose charges run through real functions, real queues and Cardcom's sandbox.
type rig struct {
	*billingtest.Studio
	sandbox  *sandbox
	host     *host.Host
	platform *template.Platform
	crashes  crashes
	again    time.Duration
	chance   *rand.Rand
}

type options struct {
	// chargeAt is where execute-charge finds Cardcom; the sandbox by default. Everything else asks the sandbox itself.
	chargeAt   func(sandbox string) string
	maxTimeout time.Duration // of a function; 0 leaves the templates'
	workers    int           // at once, by queue; 8 by default
	// again is when a dead worker's message comes to another, just after its lease; crashVisibility by default.
	again     time.Duration
	variables map[string]string // over the rig's own
	chance    *rand.Rand        // of the poller's switches; new each time by default
}

func newRig(t testing.TB, opt options) *rig {
	t.Helper()
	bin := binaries(t)
	r := &rig{Studio: billingtest.NewStudio(t), sandbox: startSandbox(t), crashes: newCrashes(t), again: cmp.Or(opt.again, crashVisibility), chance: opt.chance}
	r.platform = r.template(t, opt)
	for i := range r.platform.Functions {
		f := &r.platform.Functions[i]
		f.CodeDir = filepath.Join(bin, f.Name)
		f.Env["CRASH_FILE"], f.Env["CRASH_LOG"] = r.crashes.orders(f.Name), r.crashes.log
		if f.Name == execute && opt.chargeAt != nil {
			f.Env["CARDCOM_API_URL"] = opt.chargeAt(r.sandbox.url)
		}
	}
	var err error
	r.host, err = host.New(host.Options{Functions: r.platform.Functions, Region: stores.Region, MaxTimeout: opt.maxTimeout, InitLimit: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.tellState(t)
		if err := r.host.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// template is what would be deployed, cut down to the functions of this package.
func (r *rig) template(t testing.TB, opt options) *template.Platform {
	t.Helper()
	endpoint := os.Getenv("TEST_SQS_ENDPOINT_URL")
	if endpoint == "" {
		t.Fatal("TEST_SQS_ENDPOINT_URL is not set: run the tests with `make test`, which starts an SQS server for them")
	}
	variables := map[string]string{
		"STAGE": "test", "ALLOWED_ORIGINS": "http://localhost:3000", "NEXT_PUBLIC_APP_URL": "http://localhost:3000", "PUBLIC_API_URL": "http://localhost",
		"DATABASE_URL": r.AppURL, "SYSTEM_DATABASE_URL": r.SystemURL, "REDIS_URL": "redis://127.0.0.1:1", "SQS_ENDPOINT_URL": endpoint,
		"CLERK_ISSUER": "http://localhost", "CLERK_AUTHORIZED_PARTIES": "http://localhost:3000", "CLERK_WEBHOOK_SECRET": "none",
		"R2_ACCESS_KEY_ID": "no-worker-here", "R2_SECRET_ACCESS_KEY": "stores", "R2_BUCKET_NAME": "objects",
		"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": billingtest.Key, "NATIONAL_ID_ENCRYPTION_KEY": billingtest.Key, "NATIONAL_ID_INDEX_KEY": billingtest.Key,
		"CARDCOM_API_URL": r.sandbox.url, "CARDCOM_TIMEOUT_SECONDS": "1",
	}
	maps.Copy(variables, opt.variables)
	name := id.New[id.Event]().String()
	p, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{
		Lookup: func(v string) (string, bool) { text, ok := variables[v]; return text, ok }, Region: stores.Region, AccountID: stores.Account,
		StackName: "flt-" + name[len(name)-12:], QueueURLPrefix: endpoint + "/" + stores.Account + "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Functions = slices.DeleteFunc(p.Functions, func(f template.Function) bool { return !slices.Contains(functions, f.Name) })
	p.EventSources = slices.DeleteFunc(p.EventSources, func(e template.EventSource) bool { return !slices.Contains(functions, e.Function) })
	for i := range p.EventSources {
		p.EventSources[i].MaximumConcurrency = cmp.Or(opt.workers, 8)
	}
	for i := range p.Queues {
		if opt.maxTimeout > 0 {
			p.Queues[i].Visibility = r.again
		}
	}
	return p
}

// line is a poller for some of the functions that queues feed.
type line struct {
	*poller.Poller
	queues []string // as the jobs' rows name them
}

// line makes the queues of these functions; nothing is delivered until Start.
func (r *rig) line(t testing.TB, names ...string) line {
	t.Helper()
	l, p := line{}, template.Platform{}
	for _, e := range r.platform.EventSources {
		if slices.Contains(names, e.Function) {
			l.queues = append(l.queues, strings.TrimPrefix(e.Function, "job-"))
			p.EventSources = append(p.EventSources, e)
		}
	}
	for _, q := range r.platform.Queues {
		if slices.ContainsFunc(p.EventSources, func(e template.EventSource) bool { return q.Name == e.Queue || q.Name == e.Queue+"-dlq" }) {
			p.Queues = append(p.Queues, q)
		}
	}
	var err error
	l.Poller, err = poller.New(t.Context(), poller.Options{Platform: &p, Invoker: r.host, Region: stores.Region, CrashVisibility: r.again, Chance: r.chance,
		Client: poller.NewClient(os.Getenv("TEST_SQS_ENDPOINT_URL"), stores.Region)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// charge makes a charge that is due, with its job, which the relay will send.
func (r *rig) charge(t testing.TB, card payment.SavedCard, amount money.Agorot) id.Charge {
	t.Helper()
	c := id.New[id.Charge]()
	r.Exec(t, `with c as (
		insert into charges (org_id, id, member_id, kind, amount, description, due_at) values ($1, $2, $3, 'one_off', $4, 'test', $5)
		) insert into jobs (org_id, queue, dedupe_key, payload, created_at)
		values ($1, 'billing-execute-charge', 'charge:' || $2::uuid || ':0', jsonb_build_object('charge_id', $2::uuid), now() - interval '1 minute')`,
		r.Org, c, r.MemberWithCard(t, card), amount, billingtest.Start)
	return c
}

// run runs a schedule now.
func (r *rig) run(t testing.TB, cron string) {
	t.Helper()
	event, err := json.Marshal(map[string]string{"cron": strings.TrimPrefix(cron, "cron-"), "slot": time.Now().UTC().Format(time.RFC3339Nano)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	res, err := r.host.Invoke(ctx, cron, event)
	if err != nil || res.FunctionError != "" {
		t.Fatalf("%s: %v %s", cron, err, res.Payload)
	}
}

// patience bounds a wait that can only end early when something is broken.
var patience = time.Duration(figure(4, 120)) * time.Minute

// until waits for something to come true.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	over, again := time.After(patience), time.NewTicker(200*time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-over:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// tellState says how far everything got, and what the functions said last, when a test fails.
func (r *rig) tellState(t testing.TB) {
	if !t.Failed() {
		return
	}
	for _, sql := range []string{
		"select coalesce(jsonb_agg(x)::text, '') from (select queue, state, last_error, attempts, resends, sent_at is null as unsent, count(*) from jobs group by 1, 2, 3, 4, 5, 6) x",
		"select coalesce(jsonb_agg(x)::text, '') from (select state, code, lookups, count(*) from payment_attempts group by 1, 2, 3) x",
		"select coalesce(jsonb_agg(x)::text, '') from (select state, count(*) from charges group by 1) x",
	} {
		t.Log(postgrestest.Get[string](t, r.Database, sql))
	}
	t.Log(r.crashes.counted(t))
	for _, line := range r.host.Logs().Last("", 30) {
		t.Logf("%s: %s", line.Function, line.Line)
	}
}

// settle lets the messages of these lines run and come again until none of their jobs is open and no attempt's worker
// can still be alive. A job whose message is in no queue any more is made to look old, and the relay sends it again.
func (r *rig) settle(t testing.TB, lines ...line) {
	t.Helper()
	var queues []string
	for _, l := range lines {
		queues = append(queues, l.queues...)
	}
	until(t, fmt.Sprintf("%s are done", strings.Join(queues, ", ")), func() bool {
		for _, l := range lines {
			if idle, err := l.Idle(t.Context()); err != nil {
				t.Fatal(err)
			} else if !idle {
				return false
			}
		}
		if n := r.Exec(t, `update jobs set created_at = created_at - interval '1 minute', sent_at = sent_at - interval '31 minutes'
			where state = 'ready' and queue = any($1) and (lease_until is null or lease_until < now())`, queues); n > 0 {
			r.run(t, relay)
		}
		return postgrestest.Get[bool](t, r.Database, `select not exists (select from jobs where state = 'ready' and queue = any($1))
			and not exists (select from payment_attempts where state in ('claimed', 'sent') and lease_until > now())`, queues)
	})
}
