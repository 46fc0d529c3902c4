// Package billingjob is billing's queued work: the one place where money moves, and what follows from it.
package billingjob

import (
	"context"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// ExecuteChargeOp declares the job that collects charges. Ten wait for the provider at once in each of eight processes
// (docs/decisions/029).
var ExecuteChargeOp = job.Op{
	Name: "job-billing-execute-charge", Summary: "Collect charges, each once: claim, send, record",
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom, need.Send(string(billing.QueueExecute)), need.Send(string(billing.QueueResolve)), need.Analytics},
	Timeout: 40 * time.Second, BatchSize: 10, MaxConcurrency: 8, TakesRow: true,
}

// Executor is what ExecuteCharge needs.
type Executor interface {
	Execute(work []*billing.DueCharge)
}

// ExecuteCharge collects charges, those of a studio together. A message seen twice finds its charge in flight or settled and ends quietly.
func ExecuteCharge(e Executor) job.Handler {
	return job.NewTogether(ExecuteChargeOp, func(work []*billing.DueCharge) { e.Execute(work) })
}

// ResolveUnknownOp declares the job that asks a provider about an attempt whose answer was lost.
var ResolveUnknownOp = job.Op{
	Name: "job-billing-resolve-unknown", Summary: "Ask the provider about an attempt whose answer was lost; never send it again",
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom, need.Send(string(billing.QueueResolve)), need.Send(string(billing.QueueExecute)), need.Analytics},
	Timeout: 60 * time.Second,
}

// Resolver is what ResolveUnknown needs.
type Resolver interface {
	Resolve(ctx context.Context, c tenancy.Caller, m billing.ResolveUnknown) error
}

// ResolveUnknown looks an attempt up. It sends nothing, so a repeat only asks again.
func ResolveUnknown(r Resolver) job.Handler {
	return job.New(ResolveUnknownOp, func(ctx context.Context, c tenancy.Caller, m billing.ResolveUnknown) error {
		return r.Resolve(ctx, c, m)
	})
}

// RunDunningStepOp declares the job that takes one rung of the dunning ladder.
var RunDunningStepOp = job.Op{
	Name: "job-billing-run-dunning-step", Summary: "Take one rung of the dunning ladder: name the text that is due, set access, try again",
	Needs: []need.Need{need.Postgres, need.Send(string(billing.QueueExecute))},
}

// Dunner is what RunDunningStep needs.
type Dunner interface {
	RunDunningStep(ctx context.Context, c tenancy.Caller, m billing.DunningStep) error
}

// RunDunningStep takes a rung. The case's row says whether it was taken already.
func RunDunningStep(d Dunner) job.Handler {
	return job.New(RunDunningStepOp, func(ctx context.Context, c tenancy.Caller, m billing.DunningStep) error {
		return d.RunDunningStep(ctx, c, m)
	})
}

// ProcessInboxEventOp declares the job that reads a hosted page after a provider's notice, or when none came.
var ProcessInboxEventOp = job.Op{
	Name: "job-billing-process-inbox-event", Summary: "Read a provider's hosted page and save the card once",
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom, need.Send(string(billing.QueueExecute)), need.Analytics},
	Timeout: 60 * time.Second,
}

// PageChecker is what ProcessInboxEvent needs.
type PageChecker interface {
	CheckCardSession(ctx context.Context, c tenancy.Caller, m billing.ProcessInboxEvent) error
}

// ProcessInboxEvent reads the page. One page saves one card, whatever is delivered.
func ProcessInboxEvent(p PageChecker) job.Handler {
	return job.New(ProcessInboxEventOp, func(ctx context.Context, c tenancy.Caller, m billing.ProcessInboxEvent) error {
		return p.CheckCardSession(ctx, c, m)
	})
}

// ProveDayOp declares the job that proves a day. A terminal's list of tens of thousands of transactions takes minutes to read.
var ProveDayOp = job.Op{
	Name: "job-billing-prove-day", Summary: "Prove a finished day against the provider's list and open a case for what differs",
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom},
	Timeout: 10 * time.Minute, MaxConcurrency: 4,
}

// Prover is what ProveDay needs.
type Prover interface {
	ProveDay(ctx context.Context, c tenancy.Caller, m billing.ProveDay) error
}

// ProveDay proves a day. A repeat finds it proven, or its cases open.
func ProveDay(p Prover) job.Handler {
	return job.New(ProveDayOp, func(ctx context.Context, c tenancy.Caller, m billing.ProveDay) error {
		return p.ProveDay(ctx, c, m)
	})
}
