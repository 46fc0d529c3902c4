package faults

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"fitkit/infra/local/poller"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// countOp is a job whose only effect is to be counted, in batches of ten.
var countOp = job.Op{Name: "job-faults-count", Needs: []need.Need{need.Postgres}, BatchSize: 10}

// TestEachMessageHasOneEffectHoweverItIsDelivered is T7. Messages come from a real SQS server through the poller, a fifth
// of the batches to two workers at once, none in order; batches fail in every way of plans. In the end each message has had
// its effect once, and nothing that succeeded came again. So it is with messages that are worked on one after the other, and with those
// of a studio together.
//
// It has been seen red with messages forgotten whose job another worker holds: that of a worker who hangs is then never done; and, of those
// together, with the failure of one taken for all, whose successes then come again.
func TestEachMessageHasOneEffectHoweverItIsDelivered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler  func(*counting) job.Handler
		messages int
	}{
		"one after the other": {func(c *counting) job.Handler { return job.New(countOp, c.count) }, figure(2000, 50_000)},
		"together":            {func(c *counting) job.Handler { return job.NewTogether(countOp, c.countAll) }, figure(500, 10_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deliver(t, newCounting(t, tc.handler), tc.messages)
		})
	}
}

// deliver sends so many messages and holds what became of them.
func deliver(t *testing.T, c *counting, n int) {
	t.Helper()
	c.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, sent_at) select $1, 'faults-count', 'n:' || n, jsonb_build_object('n', n), now()
		from generate_series(1, $2::int) n`, c.Org, n)
	sendJobs(t, c.Database, c.prefix)
	c.line.SetSwitches(poller.Switches{Duplicate: 0.2, Reorder: true, Delay: 5 * time.Millisecond})
	c.line.Start()
	until(t, "no message is left", func() bool {
		idle, err := c.line.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return idle
	})
	c.audit(t, n)
}

// The ways in which a batch of ten fails. Positions count from 1; each happens at its messages' first receive only.
var plans = []plan{
	{name: "nothing fails"},
	{name: "the first fails", fails: []int{1}},
	{name: "the last fails", fails: []int{10}},
	{name: "two fail", fails: []int{3, 7}},
	{name: "all fail", fails: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	{name: "one panics", panics: 5},
	{name: "the answer names a message that is not there", fails: []int{2}, wrongID: true},
	{name: "time runs out in the middle", hangs: 6},
	{name: "a message is seen again during its work", seen: 4},
}

type plan struct {
	name                string
	fails               []int
	panics, hangs, seen int
	wrongID             bool
	late                bool // as it turned out: what was left of the batch may have run out of time, and then comes again rightly
}

// failing says whether the message at a position is to fail.
func (p plan) failing(at int) bool { return slices.Contains(p.fails, at) || at == p.panics }

// counting works on the messages, as the function would, and fails them by plan.
type counting struct {
	*billingtest.Studio
	line   *poller.Poller
	prefix string
	url    string
	client *sqs.Client
	call   func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)
	over   context.Context // ended with the test

	mu      sync.Mutex
	next    int
	fates   map[int]*fate            // by number
	waiting map[string]chan struct{} // for a message to be seen again
	hangs   map[string]chan struct{} // closed when a worker hangs, by batch
	invoked map[string]int           // how often, by batch
	used    map[string]int           // by plan
	trail   []delivery
}

// fate is what will happen to a message's work, once.
type fate struct {
	fails, panics bool
	hangs         chan struct{} // closed when its worker hangs
	receipt       string        // of the message that is to be seen again
	again         chan struct{} // closed when it was
}

// delivery is one message's share of one invocation.
type delivery struct {
	batch     string // the same for a duplicate
	message   string
	receive   int
	forgotten bool // the answer lets SQS delete it
	redone    bool // the answer gives it back, and it had not failed
}

func newCounting(t *testing.T, handler func(*counting) job.Handler) *counting {
	t.Helper()
	endpoint := os.Getenv("TEST_SQS_ENDPOINT_URL")
	name := "flt-" + id.New[id.Event]().String()[24:] + "-"
	c := &counting{Studio: billingtest.NewStudio(t), prefix: endpoint + "/" + stores.Account + "/" + name, over: t.Context(),
		client: poller.NewClient(endpoint, stores.Region), fates: map[int]*fate{},
		waiting: map[string]chan struct{}{}, hangs: map[string]chan struct{}{}, invoked: map[string]int{}, used: map[string]int{}}
	c.url = c.prefix + "faults-count"
	c.Exec(t, "create table effects (n int not null)")
	c.Exec(t, "grant insert on effects to fitkit_app")
	app, err := run.New(countOp, func(v string) string { return map[string]string{"STAGE": "test", "DATABASE_URL": c.AppURL}[v] })
	if err != nil {
		t.Fatal(err)
	}
	c.call = job.Lambda(app, handler(c))
	q := template.Queue{Name: name + "faults-count", Visibility: time.Minute, Retention: time.Hour, DLQ: name + "faults-count-dlq", MaxReceive: 50}
	c.line, err = poller.New(t.Context(), poller.Options{Region: stores.Region, Client: c.client, Invoker: c, Chance: seeded(t), Platform: &template.Platform{
		Queues: []template.Queue{q, {Name: q.DLQ, Visibility: time.Minute, Retention: time.Hour}},
		EventSources: []template.EventSource{{Function: countOp.Name, Queue: q.Name, Enabled: true, BatchSize: countOp.BatchSize,
			MaximumConcurrency: 8, ReportFailures: true}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.line.Close)
	return c
}

type number struct {
	N int `json:"n"`
}

var errPlanned = errors.New("it was to fail")

// countAll counts side by side, and what befalls one is that one's.
func (c *counting) countAll(work []*queue.Work[number]) {
	var all sync.WaitGroup
	for _, w := range work {
		all.Go(func() {
			defer func() {
				if recover() != nil {
					w.Err = errPlanned
				}
			}()
			w.Err = c.count(w.Ctx, w.Caller, w.Message)
		})
	}
	all.Wait()
}

// count is the job's work: the effect and the job's end in one commit.
func (c *counting) count(ctx context.Context, caller tenancy.Caller, m number) error {
	if f := c.take(m.N); f != nil {
		switch {
		case f.panics:
			panic("it was to panic")
		case f.fails:
			return errPlanned
		case f.hangs != nil:
			close(f.hangs)
			<-c.over.Done() // a frozen process holds its lease and never comes back
			return c.over.Err()
		case f.again != nil:
			c.show(f.receipt, 0)
			select {
			case <-f.again:
			case <-ctx.Done():
			}
		}
	}
	return c.DB.InOrg(ctx, caller, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, "insert into effects values ($1)", m.N); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
}
