package billing

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
)

// refusal is an attempt that ended without money.
type refusal struct {
	Attempt      id.Attempt
	Charge       id.Charge
	Member       id.Member
	Amount       money.Agorot
	Installments int
	Class        payment.Class
	Code         string
	Known        bool
}

const (
	// ladderStart is when the ladder of charge c, with the case d if it has one, begins.
	ladderStart     = `app.ladder_start(c, coalesce(d.opened_at, app.business_now()), coalesce(d.days_still, 0), o.tz)`
	sqlCaseOfCharge = `
select d.id, coalesce(d.rung, 0), coalesce(d.transient_tries, 0), ` + ladderStart + `,
  coalesce((select v.single_payment_allowed from memberships m join plan_versions v on v.org_id = m.org_id and v.id = m.plan_version_id
    where m.org_id = c.org_id and m.id = c.membership_id), false)
from charges c join orgs o on o.id = c.org_id
left join dunning_cases d on d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method')
where c.org_id = app.org() and c.id = $1`
	sqlUnmappedBefore = `
select exists (select from money_cases mc join payment_attempts a on a.org_id = mc.org_id and a.id = mc.attempt_id
  where mc.org_id = app.org() and mc.kind = 'unmapped_code' and a.charge_id = $1 and a.id <> $2)`
	sqlCodeBefore = `
select exists (select from payment_attempts where org_id = app.org() and charge_id = $1 and id <> $2 and code = $3 and state = 'declined')`
	// sqlCardsRefused counts from the gateway's last proof on: what was put right then says nothing of now.
	sqlCardsRefused = `
select count(distinct a.payment_method_id) from payment_attempts a join gateways g on g.org_id = a.org_id and g.id = a.gateway_id
where a.org_id = app.org() and a.code = $1 and a.state = 'declined' and a.business_at > app.business_now() - interval '1 hour' and a.claimed_at > g.verified_at`
	sqlWriteCase = `
insert into dunning_cases as d (org_id, id, charge_id, member_id, state, rung, transient_tries, next_at, reason, opened_at, closed_at)
values (app.org(), $1, $2, $3, $4, $5, $6, $7, $8, app.business_now(), case when $4 = 'lost' then app.business_now() end)
on conflict (org_id, id) do update set state = excluded.state, rung = excluded.rung, transient_tries = excluded.transient_tries,
  next_at = excluded.next_at, reason = excluded.reason, closed_at = excluded.closed_at`
	// sqlPause stops a studio, unless its gateway was proved again after the attempt that met it began. Gateway before studio, as
	// connecting locks them.
	sqlPause = `
with g as (
  update gateways g set state = 'misconfigured', problem = $2 from payment_attempts a
  where a.org_id = app.org() and a.id = $1 and g.org_id = a.org_id and g.id = a.gateway_id and (g.verified_at is null or g.verified_at < a.claimed_at)
  returning g.org_id
)
update orgs set charges_paused_at = coalesce(charges_paused_at, app.business_now()), charges_paused_why = $2 from g where id = g.org_id`
	// sqlPauseCase: of a pause a person hears once (R45); connecting the gateway closes it.
	sqlPauseCase = `
insert into money_cases (org_id, kind, attempt_id, detail) select o.id, 'charges_paused', $1, $2 from orgs o
where o.id = app.org() and o.charges_paused_at is not null
  and not exists (select from money_cases k where k.org_id = o.id and k.kind = 'charges_paused' and k.state = 'open')`
	sqlChargeFailed = `update charges set state = 'failed' where org_id = app.org() and id = $1 and state = 'due'`
	// sqlSettleAccess gives a member what the age of their oldest debt and the studio's settings leave (R49): the rule is the
	// function's, and so is the member's lock. $2 is the cause that the member reads.
	sqlSettleAccess = `select app.settle_access(app.org(), $1, $2)`
	sqlMemberEvent  = `
insert into member_events (org_id, member_id, at, kind, data) values (app.org(), $1, app.business_now(), $2, jsonb_build_object('charge_id', $3::uuid, 'code', $4::text))`
)

// afterRefusal applies next's decision in the transaction that settled the attempt.
func (s *Collector) afterRefusal(ctx context.Context, tx postgres.Tx, r refusal) error {
	if _, err := tx.Exec(ctx, sqlLockMember, r.Member); err != nil {
		return err
	}
	caseID, st, err := standingOf(ctx, tx, r)
	if err != nil {
		return err
	}
	n := next(st)
	if n.Pause {
		why := "the provider answered " + r.Code
		paused, err := tx.Exec(ctx, sqlPause, r.Attempt, why)
		if err != nil {
			return err
		}
		if paused == 0 { // the answer to credentials that have been replaced since: it is tried by the new ones
			return enqueueExecute(ctx, tx, r.Charge, "replaced:"+r.Attempt.String())
		}
		_, err = tx.Exec(ctx, sqlPauseCase, r.Attempt, why)
		return err // no rung is used up and no case opened: connecting the gateway again brings the charge back
	}
	if n.Case != "" {
		if _, err := tx.Exec(ctx, sqlOpenCase, n.Case, r.Attempt, "the provider answered "+r.Code); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlMemberEvent, r.Member, "charge.declined", r.Charge, string(r.Class)); err != nil {
		return err
	}
	if n.OnePayment {
		return queue.Enqueue(ctx, tx, queue.Job{Queue: QueueExecute, Dedupe: fmt.Sprintf("charge:%s:one:%s", r.Charge, r.Attempt),
			Payload: ExecuteCharge{ChargeID: r.Charge, Installments: 1}})
	}
	if err := writeCase(ctx, tx, caseID, r, n, string(r.Class)); err != nil {
		return err
	}
	return afterStep(ctx, tx, n, r.Charge, r.Member)
}

// afterStep does what a step's state brings with it.
func afterStep(ctx context.Context, tx postgres.Tx, n step, charge id.Charge, member id.Member) error {
	switch n.State {
	case "waiting_method":
		return tryUntriedCard(ctx, tx, charge, member)
	case "lost":
		return lose(ctx, tx, charge, member)
	}
	return nil
}

func standingOf(ctx context.Context, tx postgres.Tx, r refusal) (id.DunningCase, standing, error) {
	zone, err := time.LoadLocation(tx.Entered().Zone)
	if err != nil {
		return id.DunningCase{}, standing{}, fail.Wrap(err, "load the studio's time zone")
	}
	st := standing{Now: tx.Now(), Zone: zone, Installments: r.Installments, Class: r.Class, Code: r.Code, Known: r.Known}
	var caseID id.DunningCase
	if err := tx.QueryRow(ctx, sqlCaseOfCharge, r.Charge).Scan(&caseID, &st.Rung, &st.Transients, &st.DueAt, &st.SinglePayment); err != nil {
		return caseID, st, err
	}
	if caseID.IsZero() {
		caseID = id.New[id.DunningCase]()
	}
	if r.Class == payment.ProviderRefusal {
		if err := tx.QueryRow(ctx, sqlCardsRefused, r.Code).Scan(&st.Cards); err != nil {
			return caseID, st, err
		}
	}
	if !r.Known {
		err = tx.QueryRow(ctx, sqlUnmappedBefore, r.Charge, r.Attempt).Scan(&st.UnknownOnce)
		return caseID, st, err
	}
	err = tx.QueryRow(ctx, sqlCodeBefore, r.Charge, r.Attempt, r.Code).Scan(&st.CodeBefore)
	return caseID, st, err
}

func writeCase(ctx context.Context, tx postgres.Tx, caseID id.DunningCase, r refusal, n step, reason string) error {
	_, err := tx.Exec(ctx, sqlWriteCase, caseID, r.Charge, r.Member, n.State, n.Rung, n.Transients, n.At, reason)
	return fail.Wrap(err, "write the dunning case of charge %s", r.Charge)
}

func lose(ctx context.Context, tx postgres.Tx, charge id.Charge, member id.Member) error {
	if _, err := tx.Exec(ctx, sqlChargeFailed, charge); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlSettleAccess, member, "dunning.end")
	return err
}
