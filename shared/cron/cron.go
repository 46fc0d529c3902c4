// Package cron is the schedule edge: it turns a scheduler's delivery, which may come twice or late, into one run per slot.
// Crons only select due work and enqueue it.
package cron

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"fitkit/shared/clock"
	"fitkit/shared/config"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

// Op is a schedule's declaration.
type Op struct {
	Name     string // cron-<domain>-<verb>-<object>
	Summary  string
	Schedule string // EventBridge: cron(…) or rate(…), in Asia/Jerusalem
	Needs    []need.Need
	MemoryMB int           // 128 by default
	Timeout  time.Duration // 60 s by default
	Alarms   []run.Alarm   // on gauges that its code counts
}

// Zone is where FitKit's studios are; schedules never run between 01:00 and 03:00 there, when clocks change.
const Zone = "Asia/Jerusalem"

// Spec is what templates and documents are made from. Every cron reads its switch and works as the system role.
func (o Op) Spec() run.Spec {
	memory, timeout := o.MemoryMB, o.Timeout
	if memory == 0 {
		memory = 128
	}
	if timeout == 0 {
		timeout = time.Minute
	}
	return run.Spec{Name: o.Name, Summary: o.Summary, Needs: append([]need.Need{need.Crons, need.SystemPostgres}, o.Needs...),
		Memory: memory, Timeout: timeout, Schedule: &run.Schedule{Expression: o.Schedule, Zone: Zone}, Alarms: o.Alarms}
}

// Handler is a cron with its code: it answers how much work it found.
type Handler struct {
	Op     Op
	handle func(ctx context.Context) (int64, error)
}

// Spec is the operation's.
func (h Handler) Spec() run.Spec { return h.Op.Spec() }

// New makes a cron's handler.
func New(op Op, handle func(ctx context.Context) (selected int64, err error)) Handler {
	return Handler{op, handle}
}

// Event is the scheduler's input. Slot is the planned time, the same on retries: it is what makes a run unique.
type Event struct {
	Cron      string    `json:"cron"`
	Slot      time.Time `json:"slot"`
	Execution string    `json:"execution"`
	Attempt   string    `json:"attempt"`
}

// Result is what a run answers, for whoever ran it by hand.
type Result struct {
	Ran      bool   `json:"ran"`
	Selected int64  `json:"selected"`
	Why      string `json:"why,omitempty"`
}

// Serve answers deliveries until Lambda ends the process.
func Serve(app *run.App, h Handler) {
	app.Serve(Lambda(app, h))
}

// Lambda is the handler as Lambda calls it.
func Lambda(app *run.App, h Handler) func(context.Context, Event) (Result, error) {
	db := postgres.SystemFrom(app)
	enabled := run.Section[config.Crons](app).Enabled
	return func(ctx context.Context, ev Event) (res Result, err error) {
		requestID := ""
		if lc, ok := lambdacontext.FromContext(ctx); ok {
			requestID = lc.AwsRequestID
		}
		ctx, event := obs.Start(ctx, h.Op.Name, requestID)
		defer event.End(ctx)
		ctx = obs.WithCorrelation(ctx, id.New[id.Event]().String()) // of all the work that this run enqueues
		if !enabled {
			return Result{Why: "CRONS_ENABLED is false"}, nil
		}
		res, err = once(ctx, db, h, slotOf(ev))
		obs.Add(ctx, "selected", res.Selected)
		if err != nil {
			obs.Failed(ctx, err)
			return res, err
		}
		obs.Count(h.Op.Name, "CronSuccess", 1)
		return res, nil
	}
}

func slotOf(ev Event) time.Time {
	if ev.Slot.IsZero() {
		return clock.Real()
	}
	return ev.Slot.UTC()
}

const (
	sqlTakeSlot = `
insert into cron_runs as r (name, slot, lease_until) values ($1, $2, now() + $3::interval)
on conflict (name, slot) do update set lease_until = excluded.lease_until, started_at = now()
  where r.finished_at is null and r.lease_until < now()
returning true`
	sqlEndSlot = `update cron_runs set finished_at = now(), selected = $3 where name = $1 and slot = $2`
)

// once runs the handler when this delivery is the slot's first. A run that died gives its slot free when its lease ends.
func once(ctx context.Context, db *postgres.SystemDB, h Handler, slot time.Time) (Result, error) {
	var mine bool
	err := db.Across(ctx, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, sqlTakeSlot, h.Op.Name, slot, h.Spec().Timeout.String()).Scan(&mine)
		if postgres.NoRows(err) {
			return nil
		}
		return err
	})
	if err != nil || !mine {
		return Result{Why: "this slot has run or is running"}, fail.Wrap(err, "take the slot of %s", h.Op.Name)
	}
	working, cancel := run.Within(ctx)
	defer cancel()
	n, err := h.handle(working)
	if err != nil {
		return Result{Selected: n}, fail.Wrap(err, "run %s", h.Op.Name)
	}
	err = db.Across(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlEndSlot, h.Op.Name, slot, n)
		return err
	})
	return Result{Ran: true, Selected: n}, fail.Wrap(err, "end the slot of %s", h.Op.Name)
}
