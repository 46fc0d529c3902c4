package billing

import (
	"context"

	"fitkit/shared/fail"
)

// sqlRevive asks again for charges whose job died: the row was given up, but the debt stands, and nothing else would come for
// it. That is a charge that is due, of a studio whose charges are not paused, and whose dunning, if there is any, has no
// date of its own. Each death is followed by one new job, after time to repair what killed the last.
const sqlRevive = `
with dead as (
  select j.org_id, c.id as charge_id, j.payload, 'charge:' || c.id || ':again:' || j.id as key
  from jobs j
  join charges c on c.org_id = j.org_id and c.id = case when pg_input_is_valid(j.payload->>'charge_id', 'uuid') then (j.payload->>'charge_id')::uuid end and c.state = 'due'
  join orgs o on o.id = j.org_id and o.status = 'active' and o.charges_paused_at is null
  where j.queue = 'billing-execute-charge' and j.state = 'dead' and j.finished_at between now() - interval '30 days' and now() - interval '6 hours'
    and not exists (select from dunning_cases d where d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method') and d.next_at is not null)
    and not exists (select from jobs again where again.org_id = j.org_id and again.queue = j.queue and again.dedupe_key = 'charge:' || c.id || ':again:' || j.id)
  order by j.finished_at limit $1
), queued as (
  insert into jobs (org_id, queue, dedupe_key, payload, correlation)
  select org_id, 'billing-execute-charge', key, payload, $2 from dead
  on conflict on constraint jobs_once do nothing
  returning id, org_id, queue, payload, available_at
)
select (select count(*) from dead), q.id, q.org_id, q.queue, q.payload::text, q.available_at from (select 1) one left join queued q on true`

// Revive enqueues again the charges whose job died hours ago, and says how many.
func (s *Sweeper) Revive(ctx context.Context) (int64, error) {
	n, err := collectDue(ctx, sqlRevive, s.system.Across)
	return n, fail.Wrap(err, "revive charges")
}
