package billing

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

const (
	// voidCancellation is why a charge is void whose membership was cancelled.
	voidCancellation = "membership_cancelled"
	sqlDueCharge     = `
select member_id, amount, installments from charges where org_id = app.org() and id = $1 and state = 'due' for update`
)

// voidCancelled voids a charge that the membership's end took the ground from, and its dunning: it must never be collected.
func (s *Collector) voidCancelled(ctx context.Context, c tenancy.Caller, charge id.Charge) error {
	b := &postgres.Batch{}
	b.Queue(sqlVoidCharge, charge, voidCancellation)
	queue.DoneBatch(&b.Batch, ctx)
	_, err := s.db.WriteInOrg(ctx, c, b)
	return err
}

// waitForMethod opens (or keeps) the case of a charge that nobody can be charged for; its ladder still climbs, so that
// the studio's access policy applies and the text that is due is noted.
func (s *Collector) waitForMethod(ctx context.Context, c tenancy.Caller, charge id.Charge, reason string) error {
	return s.openWithoutAttempt(ctx, c, charge, func(st standing) step { return climb(st, "waiting_method") }, reason)
}

// postpone leaves a charge whose card was tried too often of late (R46) to the next rung.
func (s *Collector) postpone(ctx context.Context, c tenancy.Caller, charge id.Charge) error {
	return s.openWithoutAttempt(ctx, c, charge, func(st standing) step { return climb(st, "open") }, "card_tried_too_often")
}

func (s *Collector) openWithoutAttempt(ctx context.Context, c tenancy.Caller, charge id.Charge, decide func(standing) step, reason string) error {
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		r := refusal{Charge: charge, Known: true}
		err := tx.QueryRow(ctx, sqlDueCharge, charge).Scan(&r.Member, &r.Amount, &r.Installments)
		if postgres.NoRows(err) {
			return queue.Done(ctx, tx)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlLockMember, r.Member); err != nil {
			return err
		}
		caseID, st, err := standingOf(ctx, tx, r)
		if err != nil {
			return err
		}
		n := decide(st)
		if err := writeCase(ctx, tx, caseID, r, n, reason); err != nil {
			return err
		}
		if err := afterStep(ctx, tx, n, charge, r.Member); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
}

// cardPause is how long a charge waits that found its card busy: longer than most calls take.
const cardPause = 15 * time.Second

// tryAfter ends the job of a charge whose card another one is being tried with, and has the charge tried again by another job: giving
// this one back would count towards the receives after which it is dead.
func (s *Collector) tryAfter(cl claim) error {
	return s.db.InOrg(cl.Ctx, cl.Caller, func(tx postgres.Tx) error {
		again := queue.Job{Queue: QueueExecute, Dedupe: fmt.Sprintf("charge:%s:card:%s", cl.Message.ChargeID, id.New[id.Event]()), Payload: cl.Message, Delay: cardPause}
		if err := queue.Enqueue(cl.Ctx, tx, again); err != nil {
			return err
		}
		return queue.Done(cl.Ctx, tx)
	})
}

// lookupSchedule is R44: when a provider is asked about an attempt, after it became unknown.
var lookupSchedule = [...]time.Duration{0, 30 * time.Second, 5 * time.Minute, time.Hour, 6 * time.Hour, UnknownAtMost}

// UnknownAtMost is when the schedule ends. What is unknown for longer is a provider that cannot answer, or a person's question.
const UnknownAtMost = 24 * time.Hour

// lookupEvery is how often a provider that cannot answer is asked after the schedule's end.
const lookupEvery = time.Hour

// nextLookup is when to ask again after the n-th look-up (n from 1) without an answer.
func nextLookup(unknownAt, now time.Time, n int) time.Time {
	if n < len(lookupSchedule) {
		if at := unknownAt.Add(lookupSchedule[n]); at.After(now) {
			return at
		}
		return now.Add(time.Second)
	}
	return now.Add(lookupEvery)
}

// lookupsDone says whether the schedule's last look-up has been made: only then may "not found" mean "never happened".
func lookupsDone(unknownAt, now time.Time) bool {
	return now.Sub(unknownAt) >= lookupSchedule[len(lookupSchedule)-1]
}
