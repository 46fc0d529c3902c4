// Package billingcron is billing's schedules. They select what is due and enqueue it.
package billingcron

import (
	"context"
	"errors"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/cron"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/run"
)

// PlanChargesOp declares the schedule that plans due periods.
var PlanChargesOp = cron.Op{
	Name: "cron-billing-plan-charges", Summary: "Plan the due period of each membership and enqueue its charge",
	Schedule: "cron(0/15 * * * ? *)", Needs: []need.Need{need.Postgres, need.Send(string(billing.QueueExecute))}, Timeout: 5 * time.Minute,
}

// Planner is what PlanCharges needs.
type Planner interface {
	Plan(ctx context.Context) (int64, error)
}

// PlanCharges plans what is due. The period's unique index makes a second run nothing.
func PlanCharges(p Planner) cron.Handler {
	return cron.New(PlanChargesOp, func(ctx context.Context) (int64, error) { return p.Plan(ctx) })
}

// SweepUnknownOp declares the schedule that finds attempts whose lease ran out and look-ups that are due.
var SweepUnknownOp = cron.Op{
	Name: "cron-billing-sweep-unknown", Summary: "Find attempts whose lease ran out, look-ups that are due and pages nobody reported",
	Schedule: "rate(5 minutes)", Needs: []need.Need{need.Postgres, need.Send(string(billing.QueueResolve)), need.Send(string(billing.QueueInbox))},
	Alarms: []run.Alarm{
		{Metric: oldestUnknown, Above: int((billing.UnknownAtMost + time.Hour).Seconds()), Runbook: "unknown-charge",
			Says: "A charge whose outcome is unknown should have been settled by now."},
		{Metric: pausedStudios, Above: 0, Runbook: "studio-paused", Says: "A studio's charges wait for its card provider to be put right."},
	},
}

// The gauges of the sweep.
const (
	oldestUnknown = "OldestUnknownSeconds"
	pausedStudios = "PausedStudios"
)

// Sweeper is what SweepUnknown needs.
type Sweeper interface {
	Sweep(ctx context.Context) (int64, error)
	OldestUnknown(ctx context.Context) (time.Duration, error)
	PausedStudios(ctx context.Context) (int, error)
}

// SweepUnknown sweeps, and says how long the oldest attempt is unknown and how many studios are paused, which alarms watch. A second run finds nothing due.
func SweepUnknown(s Sweeper) cron.Handler {
	return cron.New(SweepUnknownOp, func(ctx context.Context) (int64, error) {
		n, err := s.Sweep(ctx)
		age, e2 := s.OldestUnknown(ctx)
		if e2 == nil {
			obs.Count(SweepUnknownOp.Name, oldestUnknown, age.Seconds())
		}
		paused, e3 := s.PausedStudios(ctx)
		if e3 == nil {
			obs.Count(SweepUnknownOp.Name, pausedStudios, float64(paused))
		}
		return n, errors.Join(err, e2, e3)
	})
}

// RunDunningOp declares the schedule that starts due dunning steps.
var RunDunningOp = cron.Op{
	Name: "cron-billing-run-dunning", Summary: "Start the dunning steps that are due",
	Schedule: "cron(0/15 * * * ? *)", Needs: []need.Need{need.Postgres, need.Send(string(billing.QueueDunning))},
}

// Dunner is what RunDunning needs.
type Dunner interface {
	Dun(ctx context.Context) (int64, error)
}

// RunDunning starts due steps.
func RunDunning(d Dunner) cron.Handler {
	return cron.New(RunDunningOp, func(ctx context.Context) (int64, error) { return d.Dun(ctx) })
}

// ProveDaysOp declares the schedule that has finished days proven.
var ProveDaysOp = cron.Op{
	Name: "cron-billing-prove-days", Summary: "Have each studio's finished days compared with its provider's list until they are proven",
	Schedule: "cron(30 3 * * ? *)", Needs: []need.Need{need.Postgres, need.Send(string(billing.QueueProve))}, Timeout: 5 * time.Minute,
	Alarms: []run.Alarm{{Metric: unprovenDays, Above: 0, Runbook: "day-unproven",
		Says: "A studio's day of charges is not proven two days after it ended."}},
}

// unprovenDays is the gauge of ProveDays.
const unprovenDays = "UnprovenDays"

// Reconciler is what ProveDays needs.
type Reconciler interface {
	PlanProofs(ctx context.Context) (int64, error)
	UnprovenDays(ctx context.Context) (int, error)
}

// ProveDays enqueues the proofs that are lacking, and says how many days lack one for too long, which an alarm watches. A second run of
// the night finds the jobs there.
func ProveDays(r Reconciler) cron.Handler {
	return cron.New(ProveDaysOp, func(ctx context.Context) (int64, error) {
		n, err := r.PlanProofs(ctx)
		late, e2 := r.UnprovenDays(ctx)
		if e2 == nil {
			obs.Count(ProveDaysOp.Name, unprovenDays, float64(late))
		}
		return n, errors.Join(err, e2)
	})
}
