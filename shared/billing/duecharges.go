package billing

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// firstTry is the reason under which a charge is first sent to be collected; it happens once.
const firstTry = "0"

// A charge that was made for a later day has no job until that day. (A period's charge gets its job with itself.) One
// that was tried before has had its first job; one in dunning has a date of its own.
const (
	waitingForItsDay = `
from charges c join orgs o on o.id = c.org_id
where c.state = 'due'
  and not exists (select from jobs j where j.org_id = c.org_id and j.queue = 'billing-execute-charge' and j.dedupe_key = 'charge:' || c.id || ':0')
  and not exists (select from dunning_cases d where d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method'))`
	collectHead = `
with due as (
  select c.org_id, c.id ` + waitingForItsDay + ` and c.due_at <= coalesce(o.test_now, now()) and `
	collectTail = `
  order by c.due_at limit $1
), queued as (
  insert into jobs (org_id, queue, dedupe_key, payload, correlation)
  select org_id, 'billing-execute-charge', 'charge:' || id || ':0', jsonb_build_object('charge_id', id), $2 from due
  on conflict on constraint jobs_once do nothing
  returning id, org_id, queue, payload, available_at
)
select (select count(*) from due), q.id, q.org_id, q.queue, q.payload::text, q.available_at from (select 1) one left join queued q on true`

	sqlDueCharges      = collectHead + `o.status = 'active'` + collectTail
	sqlDueChargesOfOrg = collectHead + `c.org_id = app.org()` + collectTail
)

// CollectDueOrg enqueues one organisation's charges whose day has come.
func (s *Store) CollectDueOrg(ctx context.Context, c tenancy.Caller) (int64, error) {
	return collectDue(ctx, sqlDueChargesOfOrg, func(ctx context.Context, fn func(postgres.Tx) error) error { return s.db.InOrg(ctx, c, fn) })
}

// CollectDue enqueues every organisation's charges whose day has come. Their unique key makes a second run nothing.
func (s *Sweeper) CollectDue(ctx context.Context) (int64, error) {
	return collectDue(ctx, sqlDueCharges, s.system.Across)
}

// collectDue runs sql, a transaction for each chunk, until it finds nothing more.
func collectDue(ctx context.Context, sql string, transact func(context.Context, func(postgres.Tx) error) error) (total int64, err error) {
	for n := int64(-1); n != 0; total += n {
		err := transact(ctx, func(tx postgres.Tx) (err error) {
			n, err = plan(ctx, tx, sql)
			return err
		})
		if err != nil {
			return total, fail.Wrap(err, "enqueue due charges")
		}
	}
	return total, nil
}
