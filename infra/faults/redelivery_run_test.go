package faults

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"fitkit/infra/local/host"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
)

// timeLimit is a worker's; its leases are a second longer.
const timeLimit = 5 * time.Second

// Invoke implements poller.Invoker: the function in this process, with what befalls a process played.
func (c *counting) Invoke(_ context.Context, _ string, payload []byte) (host.Result, error) {
	var batch events.SQSEvent
	if err := json.Unmarshal(payload, &batch); err != nil {
		return host.Result{}, err
	}
	key := batch.Records[0].MessageId + "/" + batch.Records[0].Attributes["ApproximateReceiveCount"]
	p, hangs := c.prepare(key, batch.Records)
	answered, began := make(chan events.SQSEventResponse, 1), time.Now()
	go func() {
		ctx, cancel := context.WithTimeout(c.over, timeLimit)
		defer cancel()
		out, _ := c.call(ctx, batch) // it has no error: failures are in its answer
		answered <- out
	}()
	select {
	case out := <-answered:
		p.late = time.Since(began) > timeLimit/2
		return c.conclude(key, p, batch, out)
	case <-hangs:
		c.conclude(key, plan{wrongID: true}, batch, events.SQSEventResponse{})
		return host.Result{FunctionError: "Unhandled", Died: true}, nil
	}
}

// prepare gives a batch that is seen for the first time its plan, and tells who waits for a message to be seen again.
func (c *counting) prepare(key string, batch []events.SQSMessage) (p plan, hangs chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := len(batch) == countOp.BatchSize
	for _, m := range batch {
		if receive(m) > 1 {
			fresh = false
			if again := c.waiting[m.MessageId]; again != nil {
				close(again)
				delete(c.waiting, m.MessageId)
			}
		}
	}
	c.invoked[key]++
	if !fresh || c.invoked[key] > 1 {
		return plan{}, c.hangs[key] // with two workers on a batch either may be the one that hangs
	}
	p = plans[c.next%len(plans)]
	c.next++
	c.used[p.name]++
	for _, at := range p.fails {
		c.fates[numberOf(batch[at-1])] = &fate{fails: true}
	}
	if p.panics > 0 {
		c.fates[numberOf(batch[p.panics-1])] = &fate{panics: true}
	}
	if p.hangs > 0 {
		hangs = make(chan struct{})
		c.hangs[key] = hangs
		c.fates[numberOf(batch[p.hangs-1])] = &fate{hangs: hangs}
	}
	if p.seen > 0 {
		m := batch[p.seen-1]
		c.waiting[m.MessageId] = make(chan struct{})
		c.fates[numberOf(m)] = &fate{receipt: m.ReceiptHandle, again: c.waiting[m.MessageId]}
	}
	return p, hangs
}

func receive(m events.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // the poller writes a number
	return n
}

func numberOf(m events.SQSMessage) int {
	var e queue.Envelope
	var of number
	if json.Unmarshal([]byte(m.Body), &e) != nil || json.Unmarshal(e.Payload, &of) != nil {
		return 0
	}
	return of.N
}

// take is what will happen to a message's work, at its first try only.
func (c *counting) take(n int) *fate {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.fates[n]
	delete(c.fates, n)
	return f
}

// conclude notes what the answer says of each message and ends the invisibility of those that failed, which is a minute,
// after a second.
func (c *counting) conclude(key string, p plan, batch events.SQSEvent, out events.SQSEventResponse) (host.Result, error) {
	if p.wrongID {
		out.BatchItemFailures = []events.SQSBatchItemFailure{{ItemIdentifier: "nobody"}}
	}
	failed := map[string]bool{}
	for _, f := range out.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for i, m := range batch.Records {
		returns := p.wrongID || failed[m.MessageId]
		c.mu.Lock()
		c.trail = append(c.trail, delivery{batch: key, message: m.MessageId, receive: receive(m), forgotten: !returns && i != p.seen-1,
			redone: returns && p.name != "" && !p.wrongID && !p.late && !p.failing(i+1)})
		c.mu.Unlock()
		if returns {
			c.show(m.ReceiptHandle, 1)
		}
	}
	payload, err := json.Marshal(out)
	return host.Result{Payload: payload}, err
}

// show makes a message visible after so many seconds. One that is deleted already needs it no more.
func (c *counting) show(receipt string, seconds int32) {
	_, _ = c.client.ChangeMessageVisibility(c.over, &sqs.ChangeMessageVisibilityInput{QueueUrl: &c.url, ReceiptHandle: &receipt, VisibilityTimeout: seconds})
}

func (c *counting) audit(t *testing.T, n int) {
	t.Helper()
	for what, sql := range map[string]string{
		"effects that happened twice": "select count(*) from (select n from effects group by n having count(*) > 1) x",
		"jobs that are not done":      "select count(*) from jobs where state <> 'done'",
		"jobs without their effect":   "select count(*) from jobs where (payload->>'n')::int not in (select n from effects)",
	} {
		if got := postgrestest.Get[int](t, c.Database, sql); got != 0 {
			t.Errorf("%d %s", got, what)
		}
	}
	depths, err := c.line.Depths(t.Context())
	if err != nil || depths[0].Dead > 0 {
		t.Errorf("dead letters: %+v, %v", depths, err)
	}
	twice := 0
	for _, times := range c.invoked {
		if times > 1 {
			twice++
		}
	}
	t.Logf("%d messages in %d deliveries, %d batches went to two workers at once; %v", n, len(c.trail), twice, c.used)
	if twice == 0 || len(c.used) < len(plans) {
		t.Error("not every way of failing was tried")
	}
	c.onlyFailuresReturned(t)
}

// onlyFailuresReturned holds that what one worker alone reported as done was not delivered again.
func (c *counting) onlyFailuresReturned(t *testing.T) {
	t.Helper()
	done := map[string]int{}
	for _, d := range c.trail {
		if d.forgotten && c.invoked[d.batch] == 1 {
			done[d.message] = d.receive
		}
	}
	again, redone := 0, 0
	for _, d := range c.trail {
		if d.redone && c.invoked[d.batch] == 1 {
			redone++
		}
		if at, ok := done[d.message]; ok && d.receive > at {
			again++
		}
	}
	if len(done) == 0 || again > 0 || redone > 0 {
		t.Errorf("%d of %d messages that were done came again, and %d were given back beside one that failed", again, len(done), redone)
	}
}
