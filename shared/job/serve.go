package job

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"fitkit/shared/crash"
	"fitkit/shared/fail"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// Serve answers SQS batches until Lambda ends the process.
func Serve(app *run.App, h Handler) {
	app.Serve(Lambda(app, h))
}

// Lambda is the handler as Lambda calls it: an SQS batch in, the ids of the failed messages out.
func Lambda(app *run.App, h Handler) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	var c claims
	if h.Op.System {
		c = systemClaims{postgres.SystemFrom(app)}
	} else {
		c = orgClaims{postgres.From(app)}
	}
	w := worker{h, c}
	return func(ctx context.Context, ev events.SQSEvent) (events.SQSEventResponse, error) {
		requestID := ""
		if lc, ok := lambdacontext.FromContext(ctx); ok {
			requestID = lc.AwsRequestID
		}
		out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, record := range ev.Records {
			if !w.one(ctx, requestID, record) {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
			}
		}
		return out, nil
	}
}

type worker struct {
	h Handler
	c claims
}

const (
	// leaseOver is how much longer than the invocation a lease lasts, so that it cannot run out under a live worker.
	leaseOver    = time.Second
	defaultLease = time.Minute
)

// one works on a message and says whether SQS may forget it.
func (w worker) one(ctx context.Context, requestID string, record events.SQSMessage) (forget bool) {
	ctx, event := obs.Start(ctx, w.h.Op.Name, requestID)
	defer event.End(ctx)
	crash.At("message received")
	var e queue.Envelope
	if err := json.Unmarshal([]byte(record.Body), &e); err != nil || e.Version != queue.Version {
		obs.Failed(ctx, fmt.Errorf("message %s is no envelope of version %d", record.MessageId, queue.Version))
		return false // to the dead-letter queue, after its receives
	}
	ctx = obs.WithCorrelation(ctx, e.Correlation)
	obs.Add(ctx, "org", e.Org)
	obs.Add(ctx, "job", e.Job)
	if sent, err := strconv.ParseInt(record.Attributes["SentTimestamp"], 10, 64); err == nil {
		obs.Took(ctx, "waited_ms", time.Since(time.UnixMilli(sent)))
	}
	lease := defaultLease
	if deadline, ok := ctx.Deadline(); ok {
		lease = time.Until(deadline) + leaseOver
	}
	working, cancel := run.Within(ctx)
	defer cancel()
	working, payload, err := w.take(working, e, lease)
	if err != nil {
		return refused(ctx, err)
	}
	forget = w.conclude(ctx, working, e, record, w.run(working, e, payload))
	crash.At("before answer")
	return forget
}

// take makes this worker the job's only one for the lease, or leaves that to the handler's first batch.
func (w worker) take(ctx context.Context, e queue.Envelope, lease time.Duration) (working context.Context, payload []byte, err error) {
	if w.h.Op.TakesRow {
		return queue.WithUntaken(ctx, e.Job, lease), e.Payload, nil
	}
	if payload, err = w.c.claim(ctx, e, lease); err != nil {
		return ctx, nil, err
	}
	crash.At("lease taken")
	return queue.WithJob(ctx, e.Job), payload, nil
}

// refused is a row that this worker did not get; only a message of a job that has ended may be forgotten.
func refused(ctx context.Context, err error) (forget bool) {
	switch {
	case errors.Is(err, postgres.ErrJobEnded):
		obs.Add(ctx, "skipped", "ended")
		return true
	case errors.Is(err, postgres.ErrJobHeld):
		obs.Add(ctx, "skipped", "leased")
	default:
		obs.Failed(ctx, err)
	}
	return false
}

// run calls the handler; a panic is that one job's failure.
func (w worker) run(ctx context.Context, e queue.Envelope, payload []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			obs.Add(ctx, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return w.h.handle(ctx, tenancy.Caller{Org: e.Org, Actor: "job:" + string(w.h.Op.Queue()), CorrelationID: e.Correlation}, payload)
}

var errPanic = errors.New("panic")

// errNotTaken is a mistake in a handler that promised to take its row.
var errNotTaken = errors.New("the handler ended without taking the job's row (queue.TakeBatch)")

func (w worker) conclude(ctx, working context.Context, e queue.Envelope, record events.SQSMessage, err error) bool {
	if !queue.Taken(working) {
		return refused(ctx, cmp.Or(err, errNotTaken)) // not ours to end or to give back; SQS brings the message again
	}
	if err == nil {
		if queue.Finished(working) {
			return true
		}
		err := w.c.end(ctx, e, "done", "")
		if err != nil {
			obs.Failed(ctx, err)
		}
		return err == nil
	}
	f := fail.From(err)
	obs.Failed(ctx, err)
	obs.Add(ctx, "code", f.Code)
	receives, _ := strconv.Atoi(record.Attributes["ApproximateReceiveCount"])
	if !f.Kind.Retryable() || receives >= maxReceive {
		if e2 := w.c.end(ctx, e, "dead", f.Code); e2 != nil {
			obs.Add(ctx, "dead_unmarked", e2.Error())
		}
		obs.Count(w.h.Op.Name, "JobDead", 1)
		return false
	}
	if e2 := w.c.giveBack(ctx, e, f.Code); e2 != nil {
		obs.Add(ctx, "lease_kept", e2.Error())
	}
	return false
}
