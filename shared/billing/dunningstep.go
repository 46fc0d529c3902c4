package billing

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// DunningStep is the payload of QueueDunning: a rung, or a repeat within it, of one case.
type DunningStep struct {
	CaseID     id.DunningCase `json:"case_id"`
	Rung       int            `json:"rung"`
	Transients int            `json:"transients"`
}

const (
	sqlCasesDue = `
select d.id, d.rung, d.transient_tries from dunning_cases d join orgs o on o.id = d.org_id
where d.org_id = app.org() and d.state in ('open', 'waiting_method') and d.next_at <= app.business_now() and o.charges_paused_at is null
order by d.next_at limit 1000`
	sqlOrgsWithDunning = `
select o.id from orgs o
where o.status = 'active' and o.charges_paused_at is null and o.id in (
  select d.org_id from dunning_cases d join orgs x on x.id = d.org_id
  where d.state in ('open', 'waiting_method') and d.next_at <= coalesce(x.test_now, now())
  union all
  select m.org_id from members m join orgs x on x.id = m.org_id
  where m.access_next_at <= coalesce(x.test_now, now()))`
	sqlLockCasesMember = `
select from members m where m.org_id = app.org() and m.id = (select d.member_id from dunning_cases d where d.org_id = app.org() and d.id = $1) for no key update`
	sqlCase = `
select d.charge_id, d.member_id, d.state, ` + ladderStart + `
from dunning_cases d join charges c on c.org_id = d.org_id and c.id = d.charge_id join orgs o on o.id = d.org_id
where d.org_id = app.org() and d.id = $1 and d.rung = $2 and d.transient_tries = $3 and d.next_at <= app.business_now()
  and d.state in ('open', 'waiting_method') and c.state = 'due' and o.charges_paused_at is null
for update of d`
	// sqlStepDone tells the member of the rung too, once: a repeat within it is the same step.
	sqlStepDone = `
with s as (
  insert into dunning_steps (org_id, case_id, rung, at, action, message) values (app.org(), $1, $2, app.business_now(), $3, $4)
  on conflict (org_id, case_id, rung) do nothing
  returning rung, at, action, message
)
insert into member_events (org_id, member_id, at, kind, data)
select app.org(), $5, s.at, 'dunning.step',
  jsonb_strip_nulls(jsonb_build_object('charge_id', $6::uuid, 'rung', s.rung, 'action', s.action, 'message', nullif(s.message, ''))) from s`
	sqlMoveCase = `
update dunning_cases set state = $2, rung = $3, next_at = $4, closed_at = case when $2 = 'lost' then app.business_now() end
where org_id = app.org() and id = $1`
)

// DunOrg enqueues the dunning steps that are due in one organisation, and settles the access that time alone changes.
func (s *Store) DunOrg(ctx context.Context, c tenancy.Caller) (int64, error) {
	steps, err := s.enqueueSteps(ctx, c)
	if err != nil {
		return steps, err
	}
	members, err := s.settleAccessDue(ctx, c)
	return steps + members, err
}

func (s *Store) enqueueSteps(ctx context.Context, c tenancy.Caller) (n int64, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		due, err := collect[DunningStep](ctx, tx, sqlCasesDue)
		if err != nil {
			return err
		}
		n = int64(len(due))
		for _, d := range due {
			if err := queueJob(ctx, tx, QueueDunning, stepKey(d, tx.Now()), d); err != nil {
				return err
			}
		}
		return nil
	})
	return n, fail.Wrap(err, "enqueue dunning steps")
}

// stepKey names a step of a day: one whose job is dead is tried again the next day.
func stepKey(d DunningStep, now time.Time) string {
	return fmt.Sprintf("case:%s:%d:%d:%s", d.CaseID, d.Rung, d.Transients, now.Format(time.DateOnly))
}

// Dun enqueues the dunning steps that are due in every organisation.
func (s *Sweeper) Dun(ctx context.Context) (int64, error) {
	return s.each(ctx, sqlOrgsWithDunning, s.store.DunOrg)
}

// RunDunningStep takes one rung: dunning_steps names the text that is due (nothing sends it yet), access follows the policy,
// and a card that may still work is tried again. The case's row decides: a job's message seen twice finds the rung taken.
func (s *Store) RunDunningStep(ctx context.Context, c tenancy.Caller, m DunningStep) error {
	err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var (
			charge id.Charge
			member id.Member
			state  string
			due    time.Time
		)
		if _, err := tx.Exec(ctx, sqlLockCasesMember, m.CaseID); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, sqlCase, m.CaseID, m.Rung, m.Transients).Scan(&charge, &member, &state, &due)
		if postgres.NoRows(err) {
			return queue.Done(ctx, tx)
		}
		if err != nil {
			return err
		}
		zone, err := time.LoadLocation(tx.Entered().Zone)
		if err != nil {
			return err
		}
		if state == "waiting_method" {
			has, err := hasUntriedCard(ctx, tx, charge, member)
			if err != nil {
				return err
			}
			if has {
				state = "open"
			}
		}
		action := map[string]string{"open": "retry", "waiting_method": "ask_for_card"}[state]
		if _, err := tx.Exec(ctx, sqlStepDone, m.CaseID, m.Rung, action, message(m.Rung), member, charge); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlSettleAccess, member, "dunning.step"); err != nil {
			return err
		}
		if err := s.moveOn(ctx, tx, m, state, charge, member, due, zone); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
	return fail.Wrap(err, "dunning step of case %s", m.CaseID)
}

// moveOn retries an open case, whose next date the attempt's answer will set, and walks a waiting one to its next rung.
func (s *Store) moveOn(ctx context.Context, tx postgres.Tx, m DunningStep, state string, charge id.Charge, member id.Member, due time.Time, zone *time.Location) error {
	if state == "open" {
		if _, err := tx.Exec(ctx, sqlMoveCase, m.CaseID, state, m.Rung, nil); err != nil {
			return err
		}
		return enqueueExecute(ctx, tx, charge, fmt.Sprintf("rung:%s:%d.%d", m.CaseID, m.Rung, m.Transients))
	}
	n := climb(standing{Rung: m.Rung, DueAt: due, Now: tx.Now(), Zone: zone}, state)
	if _, err := tx.Exec(ctx, sqlMoveCase, m.CaseID, n.State, n.Rung, n.At); err != nil {
		return err
	}
	if n.State == "lost" {
		return lose(ctx, tx, charge, member)
	}
	return nil
}
