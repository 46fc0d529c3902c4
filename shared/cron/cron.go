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

// Result is what a run answers, for whoever ran it by hand. Why says why nothing ran.
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
		slot := slotOf(ev)
		obs.Add(ctx, "slot", slot)
		res, err = once(ctx, db, h, slot)
		obs.Add(ctx, "ran", res.Ran)
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

// ErrRunning means a delivery whose slot another one has: it runs, or died and has its lease still. Lambda tries again, so that what
// died is either made up for or told to the alarm of failed runs; it counts as no success.
var ErrRunning = fail.New(fail.Unavailable, "cron.running", "Another delivery of this slot is running, or died less than its time limit ago. Try again later.",
	"הפעלה אחרת של אותו מועד עדיין רצה, או נפלה לפני פחות ממגבלת הזמן שלה. נסו שוב מאוחר יותר.")

const (
	sqlTakeSlot = `
insert into cron_runs as r (name, slot, lease_until) values ($1, $2, now() + $3::interval)
on conflict (name, slot) do update set lease_until = excluded.lease_until, started_at = now()
  where r.finished_at is null and r.lease_until < now()
returning started_at`
	sqlFinished = `select finished_at is not null from cron_runs where name = $1 and slot = $2`
	sqlEndSlot  = `update cron_runs set finished_at = now(), selected = $4 where name = $1 and slot = $2 and started_at = $3 and finished_at is null`
	sqlGiveBack = `update cron_runs set lease_until = now() where name = $1 and slot = $2 and started_at = $3 and finished_at is null`
)

// taken is a slot that this delivery runs. Began tells it from a run that took the slot before, and lost it.
type taken struct {
	db    *postgres.SystemDB
	op    Op
	slot  time.Time
	began time.Time // by the database's clock
}

// once runs the handler when this delivery is the slot's first. A run that failed gives its slot back at once; that of a process
// that died is free when its lease ends. Errors: ErrRunning.
func once(ctx context.Context, db *postgres.SystemDB, h Handler, slot time.Time) (res Result, err error) {
	t, err := take(ctx, db, h.Op, slot)
	if err != nil {
		return res, fail.Wrap(err, "take the slot of %s", h.Op.Name)
	}
	if t == nil {
		return Result{Why: "this slot has run"}, nil
	}
	defer func() {
		if !res.Ran {
			t.giveBack(ctx)
		}
	}()
	working, cancel := run.Within(ctx)
	defer cancel()
	n, err := h.handle(working)
	if err != nil {
		return Result{Selected: n}, fail.Wrap(err, "run %s", h.Op.Name)
	}
	if err := t.exec(ctx, sqlEndSlot, n); err != nil {
		return Result{Selected: n}, fail.Wrap(err, "end the slot of %s", h.Op.Name)
	}
	return Result{Ran: true, Selected: n}, nil
}

// take answers nil for a slot that has run.
func take(ctx context.Context, db *postgres.SystemDB, op Op, slot time.Time) (*taken, error) {
	t, finished := &taken{db: db, op: op, slot: slot}, false
	err := db.Across(ctx, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, sqlTakeSlot, op.Name, slot, op.Spec().Timeout.String()).Scan(&t.began)
		if !postgres.NoRows(err) {
			return err
		}
		if err := tx.QueryRow(ctx, sqlFinished, op.Name, slot).Scan(&finished); err != nil {
			return err
		}
		if !finished {
			return ErrRunning
		}
		return nil
	})
	if err != nil || finished {
		return nil, err
	}
	return t, nil
}

func (t *taken) exec(ctx context.Context, sql string, more ...any) error {
	return t.db.Across(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sql, append([]any{t.op.Name, t.slot, t.began}, more...)...)
		return err
	})
}

// giveBack lets Lambda's next try have the slot, in what is left of the time that run.Within keeps; also after a panic.
func (t *taken) giveBack(ctx context.Context) {
	if err := t.exec(ctx, sqlGiveBack); err != nil {
		obs.Add(ctx, "slot_kept", true) // until its lease ends; the tries before then are ErrRunning
	}
}
