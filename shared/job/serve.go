package job

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"fitkit/shared/crash"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/run"
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
		for _, m := range w.batch(ctx, requestID, ev.Records) {
			if !m.forget {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.record.MessageId})
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
	leaseOver    = time.Second
	defaultLease = time.Minute
)

// batch works on messages one after the other, or on those of an organisation together and side by side with another's.
func (w worker) batch(ctx context.Context, requestID string, records []events.SQSMessage) (all []*message) {
	groups, wg := map[id.Org][]*message{}, sync.WaitGroup{}
	for _, record := range records {
		m := open(ctx, w.h.Op, requestID, record)
		all = append(all, m)
		if w.h.together {
			groups[m.Org] = append(groups[m.Org], m)
		} else {
			w.work([]*message{m})
		}
	}
	for _, group := range groups {
		wg.Go(func() { w.work(group) })
	}
	wg.Wait()
	return all
}

// work takes the messages' rows, has the handler do what they ask for, and notes of each whether SQS may forget it.
func (w worker) work(group []*message) {
	crash.At("message received")
	var mine []*message
	for _, m := range group {
		defer m.end()
		if m.readable && w.take(m) {
			mine = append(mine, m)
		}
	}
	if len(mine) > 0 {
		w.run(mine)
	}
	for _, m := range mine {
		m.forget = w.conclude(m)
	}
	crash.At("before answer")
}

// take makes this worker the job's only one for the lease, or leaves that to the handler's first batch.
func (w worker) take(m *message) bool {
	if w.h.Op.TakesRow {
		m.working = queue.WithUntaken(m.working, m.Job, m.lease())
		return true
	}
	payload, err := w.c.claim(m.working, m.Envelope, m.lease())
	if err != nil {
		m.forget = refused(m.ctx, err)
		return false
	}
	crash.At("lease taken")
	m.working, m.payload = queue.WithJob(m.working, m.Job), payload
	return true
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

// run calls the handler; a panic is the failure of the messages that it was called for.
func (w worker) run(mine []*message) {
	defer func() {
		if p := recover(); p != nil {
			for _, m := range mine {
				m.err = obs.Panicked(m.ctx)
			}
		}
	}()
	w.h.handle(mine)
}

// errNotTaken is a mistake in a handler that promised to take its row.
var errNotTaken = errors.New("the handler ended without taking the job's row (queue.TakeBatch)")

func (w worker) conclude(m *message) (forget bool) {
	if !queue.Taken(m.working) {
		return refused(m.ctx, cmp.Or(m.err, errNotTaken)) // not ours to end or to give back; SQS brings the message again
	}
	if m.err == nil {
		if queue.Finished(m.working) {
			return true
		}
		err := w.c.end(m.ctx, m.Envelope, "done", "")
		if err != nil {
			obs.Failed(m.ctx, err)
		}
		return err == nil
	}
	f := fail.From(m.err)
	obs.Failed(m.ctx, m.err)
	obs.Add(m.ctx, "code", f.Code)
	if !f.Kind.Retryable() || m.lastReceive() {
		if err := w.c.end(m.ctx, m.Envelope, "dead", f.Code); err != nil {
			obs.Add(m.ctx, "dead_unmarked", err.Error())
		}
		obs.Count(w.h.Op.Name, "JobDead", 1)
		return false
	}
	if err := w.c.giveBack(m.ctx, m.Envelope, f.Code); err != nil {
		obs.Add(m.ctx, "lease_kept", err.Error())
	}
	return false
}
