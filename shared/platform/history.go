package platform

import (
	"context"
	"errors"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
)

// historyChunk bounds one deletion.
const historyChunk = 5000

// longAgo is the smallest id that a row of 90 days ago can have: ids begin with their time, so the primary key finds old rows.
const longAgo = `(lpad(to_hex((extract(epoch from now() - interval '90 days') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid`

// What keeps each row from going sooner is a policy of its table (migration 00031). The job that first asked for a charge stays until the
// charge is over: that it is there tells the planner that the charge was sent for, so it would be sent for again. A message stays as
// long as the job that is to apply it.
var expirations = []string{`
delete from jobs where id in (
  select j.id from jobs j
  where j.id < ` + longAgo + ` and j.state not in ('ready', 'dead') and j.finished_at < now() - interval '90 days'
    and not (j.queue = 'billing-execute-charge' and exists (select from charges c
      where c.org_id = j.org_id and c.id = case when pg_input_is_valid(j.payload->>'charge_id', 'uuid') then (j.payload->>'charge_id')::uuid end and c.state in ('due', 'in_flight', 'failed')))
  order by j.id limit $1)`, `
delete from inbox where id in (
  select i.id from inbox i where i.id < ` + longAgo + ` and i.received_at < now() - interval '90 days'
    and not exists (select from jobs j where j.org_id is null and j.queue = 'org-apply-clerk-event' and j.dedupe_key = i.event_key and j.state in ('ready', 'dead'))
  order by i.id limit $1)`, `
delete from cron_runs where (name, slot) in (
  select name, slot from cron_runs where started_at < now() - interval '90 days' limit $1)`,
}

// History is what is over: jobs that are done, schedules' slots, and messages that were posted to us.
type History struct{ db *postgres.SystemDB }

// NewHistory is the history of every studio and of none.
func NewHistory(db *postgres.SystemDB) *History { return &History{db} }

// Expire removes what has been over for 90 days, and says how many rows that were. A run that ends early has done a part, and what
// cannot be removed holds up nothing else.
func (h *History) Expire(ctx context.Context) (total int64, err error) {
	for _, sql := range expirations {
		n, failed := h.expire(ctx, sql)
		total, err = total+n, errors.Join(err, failed)
	}
	return total, fail.Wrap(err, "remove what is over")
}

func (h *History) expire(ctx context.Context, sql string) (total int64, err error) {
	for n := int64(historyChunk); n == historyChunk && err == nil; total += n {
		err = h.db.Across(ctx, func(tx postgres.Tx) (err error) {
			n, err = tx.Exec(ctx, sql, historyChunk)
			return err
		})
	}
	return total, err
}
