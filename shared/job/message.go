package job

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/obs"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// message is one message of a batch, and what becomes of it.
type message struct {
	queue.Envelope
	record   events.SQSMessage
	readable bool
	ctx      context.Context // its event
	working  context.Context // its event and its job, for as long as work may take
	payload  []byte
	err      error
	forget   bool // SQS may forget it
	end      func()
}

// open begins the message's event. What cannot be read has no job, and goes to the dead-letter queue after its receives.
func open(ctx context.Context, op Op, requestID string, record events.SQSMessage) *message {
	ctx, event := obs.Start(ctx, op.Name, requestID)
	m := &message{record: record, readable: true}
	if err := json.Unmarshal([]byte(record.Body), &m.Envelope); err != nil || m.Version != queue.Version || m.Queue != string(op.Queue()) {
		obs.Failed(ctx, fmt.Errorf("message %s is no envelope of version %d for %s", record.MessageId, queue.Version, op.Queue()))
		m.readable = false
	} else {
		ctx = obs.WithCorrelation(ctx, m.Correlation)
		obs.Add(ctx, "org", m.Org)
		obs.Add(ctx, "job", m.Job)
		if sent, err := strconv.ParseInt(record.Attributes["SentTimestamp"], 10, 64); err == nil {
			obs.Took(ctx, "waited_ms", time.Since(time.UnixMilli(sent)))
		}
	}
	working, cancel := run.Within(ctx)
	m.ctx, m.working, m.payload = ctx, working, m.Envelope.Payload
	m.end = func() { cancel(); event.End(ctx) }
	return m
}

// lease is how long the job's row is taken for: longer than the invocation lasts, so that it cannot run out under a live worker.
func (m *message) lease() time.Duration {
	if deadline, ok := m.ctx.Deadline(); ok {
		return time.Until(deadline) + leaseOver
	}
	return defaultLease
}

func (m *message) caller(op Op) tenancy.Caller {
	return tenancy.Caller{Org: m.Org, Actor: "job:" + string(op.Queue()), CorrelationID: m.Correlation}
}

// lastReceive says whether SQS will bring the message no more.
func (m *message) lastReceive() bool {
	n, _ := strconv.Atoi(m.record.Attributes["ApproximateReceiveCount"])
	return n >= maxReceive
}
