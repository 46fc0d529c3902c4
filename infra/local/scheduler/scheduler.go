// Package scheduler starts functions at the times that EventBridge schedules name. It replaces the tokens of
// the schedule's input and repeats a failed run twice, as an asynchronous invocation does
// (contracts/platform/aws-runtime.md §6).
package scheduler

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
	"fitkit/shared/schedule"
)

// retryAfter are the pauses before the second and third try of an asynchronous invocation.
var retryAfter = []time.Duration{time.Minute, 2 * time.Minute}

// ErrUnknownSchedule says that RunNow was given a name that no template declares.
var ErrUnknownSchedule = errors.New("no such schedule")

// Invoker runs a function; host.Host is the real one.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (host.Result, error)
}

// Failure is a run that failed at every try; Attempts counts them.
type Failure struct {
	Schedule template.Schedule
	Slot     time.Time // UTC
	Attempts int
	Request  []byte
	Response []byte
}

// Options configure a Scheduler.
type Options struct {
	Schedules []template.Schedule
	Invoker   Invoker
	// OnFailure is told of runs that were given up; nil only logs them.
	OnFailure func(Failure)
}

// Scheduler runs schedules by the real clock.
type Scheduler struct {
	opt     Options
	plans   []plan
	cancel  context.CancelFunc
	running sync.WaitGroup
}

type plan struct {
	template.Schedule
	when schedule.Expression
}

// New reads all expressions and time zones; its error names every schedule that cannot be read.
func New(opt Options) (*Scheduler, error) {
	s := &Scheduler{opt: opt}
	var errs []error
	for _, sch := range opt.Schedules {
		zone, err := time.LoadLocation(sch.Zone)
		if err != nil {
			errs = append(errs, fmt.Errorf("schedule %s: %w", sch.Name, err))
			continue
		}
		when, err := schedule.Parse(sch.Expression, zone)
		if err != nil {
			errs = append(errs, fmt.Errorf("schedule %s: %w", sch.Name, err))
			continue
		}
		s.plans = append(s.plans, plan{sch, when})
	}
	return s, errors.Join(errs...)
}

// Start begins to run the enabled schedules. Close ends it.
func (s *Scheduler) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	for _, p := range s.plans {
		if p.Enabled {
			s.running.Go(func() { s.loop(ctx, p) })
		}
	}
}

// Close stops the clock, gives up retries that wait, and returns when no run is under way.
func (s *Scheduler) Close() {
	if s.cancel != nil {
		s.cancel()
	}
	s.running.Wait()
}

// loop fires p at each of its slots. Slots that passed while the machine slept are not made up for: only the
// next one fires, late.
func (s *Scheduler) loop(ctx context.Context, p plan) {
	last := time.Now()
	for {
		slot, ok := p.when.Next(last)
		if !ok || !wait(ctx, time.Until(slot)) {
			return
		}
		s.running.Go(func() { s.deliver(ctx, p.Schedule, slot) })
		last = slot
		if now := time.Now(); now.After(last) {
			last = now
		}
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// deliver invokes with the same payload until it succeeds, three times at most.
func (s *Scheduler) deliver(ctx context.Context, sch template.Schedule, slot time.Time) {
	payload := input(sch, slot)
	for attempt := 0; ; attempt++ {
		result, err := s.opt.Invoker.Invoke(ctx, sch.Function, payload)
		if err == nil && result.FunctionError == "" {
			return
		}
		if attempt == len(retryAfter) {
			slog.Error("a scheduled run failed", "schedule", sch.Name, "slot", slot, "attempts", attempt+1, "error", err, "response", string(result.Payload))
			if s.opt.OnFailure != nil {
				s.opt.OnFailure(Failure{sch, slot.UTC(), attempt + 1, payload, result.Payload})
			}
			return
		}
		if !wait(ctx, retryAfter[attempt]) {
			return
		}
	}
}

// RunNow runs a schedule once and waits for its result, whether it is enabled or not. The name is the
// schedule's or its function's; slot is the planned time that the function sees, now when it is zero.
func (s *Scheduler) RunNow(ctx context.Context, name string, slot time.Time) (host.Result, error) {
	if slot.IsZero() {
		slot = time.Now()
	}
	for _, p := range s.plans {
		if p.Name == name || p.Function == name {
			return s.opt.Invoker.Invoke(ctx, p.Function, input(p.Schedule, slot))
		}
	}
	return host.Result{}, fmt.Errorf("run %s: %w", name, ErrUnknownSchedule)
}

// input replaces the tokens of EventBridge Scheduler. The slot is the planned time in UTC.
func input(sch template.Schedule, slot time.Time) []byte {
	return []byte(strings.NewReplacer(
		"<aws.scheduler.schedule-arn>", sch.ARN,
		"<aws.scheduler.scheduled-time>", slot.UTC().Format(time.RFC3339),
		"<aws.scheduler.execution-id>", rand.Text(),
		"<aws.scheduler.attempt-number>", "1",
	).Replace(sch.Input))
}
