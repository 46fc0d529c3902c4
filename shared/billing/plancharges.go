package billing

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// planChunk is how many memberships one transaction plans: enough to be quick, few enough to lock briefly and to fit
// in the smallest function's memory.
const planChunk = 1000

// planHead and planTail plan the next period of due memberships, set by set: the period, its charge (named after the plan) and that
// on the payer's timeline, the job that collects it and the membership's next date, all or nothing. The unique indexes make a second
// run of the same period nothing. Period starts always come from the anchor (R5), the charge's time from the studio's zone and rest
// days (R6). One period a membership is planned at a time, so that missed months are caught up in order.
const (
	planHead = `
with due as (
  select m.org_id, m.id, m.payer_id, m.plan_version_id, m.next_period as k, m.price, m.periods_total, m.cancel_effective_on, m.next_charge_at,
    o.tz, o.charge_on_rest_days, coalesce(o.test_now, now()) as at,
    app.period_start(m.start_on, m.anchor_day, m.next_period) as first, app.period_start(m.start_on, m.anchor_day, m.next_period + 1) as following
  from memberships m join orgs o on o.id = m.org_id
  where o.status = 'active' and m.state in ('active', 'pending_payment', 'cancel_pending') and `
	planTail = `
  order by m.next_charge_at, m.org_id limit $1
  for update of m skip locked
), live as (
  select * from due where cancel_effective_on is null or first < cancel_effective_on
), periods as (
  insert into billing_periods (org_id, membership_id, seq, period) select org_id, id, k, daterange(first, following) from live
  on conflict (org_id, membership_id, seq) do nothing
), charged as (
  insert into charges (org_id, id, member_id, membership_id, kind, period, amount, description, due_at, created_by)
  select org_id, app.uuidv7(), payer_id, id, 'period', daterange(first, following), price,
    (select p.name from plan_versions v join plans p on p.org_id = v.org_id and p.id = v.plan_id where v.org_id = live.org_id and v.id = live.plan_version_id),
    next_charge_at, case app.actor() when 'unknown' then 'cron:billing-plan-charges' else app.actor() end
  from live
  on conflict (org_id, membership_id, kind, lower(period)) where state <> 'void' and period is not null do nothing
  returning org_id, id, member_id, amount, created_by
), told as (
  insert into member_events (org_id, member_id, at, kind, actor, data)
  select c.org_id, c.member_id, coalesce(o.test_now, now()), 'charge.created', c.created_by,
    jsonb_build_object('charge_id', c.id, 'kind', 'period', 'amount_agorot', c.amount)
  from charged c join orgs o on o.id = c.org_id
), queued as (
  insert into jobs (org_id, queue, dedupe_key, payload, correlation)
  select org_id, 'billing-execute-charge', 'charge:' || id || ':0', jsonb_build_object('charge_id', id), $2 from charged
  on conflict on constraint jobs_once do nothing
  returning id, org_id, queue, payload, available_at
), moved as (
  update memberships m set next_period = d.k + 1, next_charge_at = case
      when d.periods_total is not null and d.k + 1 >= d.periods_total then null
      when d.cancel_effective_on <= d.following then null
      else app.charge_time(d.following, d.tz, d.charge_on_rest_days) end
  from live d where m.org_id = d.org_id and m.id = d.id
  returning 1
), stopped as (
  update memberships m set next_charge_at = null from due d
  where m.org_id = d.org_id and m.id = d.id and d.cancel_effective_on <= d.first
)
select (select count(*) from due), q.id, q.org_id, q.queue, q.payload::text, q.available_at from (select 1) one left join queued q on true`

	sqlPlanReal = planHead + `o.test_now is null and m.next_charge_at <= now()` + planTail
	sqlPlanTest = planHead + `o.test_now is not null and m.next_charge_at <= o.test_now` + planTail
	sqlPlanOrg  = planHead + `o.id = app.org() and m.next_charge_at <= coalesce(o.test_now, now())` + planTail
	// sqlPlanSold is the same for one membership, in the transaction that sells it.
	sqlPlanSold = planHead + `o.id = app.org() and m.next_charge_at <= coalesce(o.test_now, now()) and m.id = $3` + planTail
)

// Plan plans every organisation's due memberships, has the charges collected that were made for a day that has come or
// whose job died, and says how many it found. Jobs are sent after each chunk's commit.
func (s *Sweeper) Plan(ctx context.Context) (total int64, err error) {
	for _, sql := range []string{sqlPlanReal, sqlPlanTest} {
		for {
			var n int64
			err := s.system.Across(ctx, func(tx postgres.Tx) (err error) {
				n, err = plan(ctx, tx, sql)
				return err
			})
			if err != nil {
				return total, fail.Wrap(err, "plan charges")
			}
			if total += n; n == 0 {
				break
			}
		}
	}
	due, err := s.CollectDue(ctx)
	if err != nil {
		return total, err
	}
	revived, err := s.Revive(ctx)
	return total + due + revived, err
}

// PlanOrg plans one organisation's due memberships, as the app role inside it.
func (s *Store) PlanOrg(ctx context.Context, c tenancy.Caller) (total int64, err error) {
	for n := int64(-1); n != 0; total += n {
		err := s.db.InOrg(ctx, c, func(tx postgres.Tx) (err error) {
			n, err = plan(ctx, tx, sqlPlanOrg)
			return err
		})
		if err != nil {
			return total, fail.Wrap(err, "plan charges")
		}
	}
	return total, nil
}

// PlanInTx plans the months of a membership that have begun, in the transaction that sells it, so that neither exists without
// the other; the later ones are Plan's. A membership that starts later has none yet.
func (s *Store) PlanInTx(ctx context.Context, tx postgres.Tx, sold id.Membership) error {
	for {
		if n, err := plan(ctx, tx, sqlPlanSold, sold); err != nil || n == 0 {
			return fail.Wrap(err, "plan the charges of a sale")
		}
	}
}

// plan runs a statement that inserts jobs, which are sent after commit, and says how many rows it found due. The statement's first
// parameters are how many it may take and the correlation.
func plan(ctx context.Context, tx postgres.Tx, sql string, more ...any) (n int64, err error) {
	job := postgres.Staged{Correlation: obs.Correlation(ctx)}
	rows, err := tx.Query(ctx, sql, append([]any{planChunk, job.Correlation}, more...)...)
	if err != nil {
		return 0, err
	}
	var (
		queued  *string
		payload *string
		at      *time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&n, &job.ID, &job.Org, &queued, &payload, &at}, func() error {
		if queued != nil {
			job.Queue, job.Payload, job.AvailableAt = *queued, []byte(*payload), *at
			tx.Stage(job)
		}
		return nil
	})
	return n, err
}
