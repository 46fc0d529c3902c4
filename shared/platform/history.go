package platform

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
)

// historyChunk bounds one deletion.
const historyChunk = 5000

// longAgo is the smallest id that a row of 90 days ago can have: ids begin with their time, so the primary key finds old rows.
const longAgo = `(lpad(to_hex((extract(epoch from now() - interval '90 days') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid`

// What keeps each row from going sooner is a policy of its table (migration 00031). The job that first asked for a charge stays until the
// charge is over: that it is there tells the planner that the charge was sent for, so it would be sent for again.
var expirations = []string{`
delete from jobs where id in (
  select j.id from jobs j
  where j.id < ` + longAgo + ` and j.state not in ('ready', 'dead') and j.finished_at < now() - interval '90 days'
    and not (j.queue = 'billing-execute-charge' and exists (select from charges c
      where c.org_id = j.org_id and c.id = (j.payload->>'charge_id')::uuid and c.state in ('due', 'in_flight', 'failed')))
  order by j.id limit $1)`, `
delete from inbox where id in (
  select id from inbox where id < ` + longAgo + ` and received_at < now() - interval '90 days' order by id limit $1)`, `
delete from cron_runs where (name, slot) in (
  select name, slot from cron_runs where started_at < now() - interval '90 days' limit $1)`,
}

// History is what is over: jobs that are done, schedules' slots, and messages that were posted to us.
type History struct{ db *postgres.SystemDB }

// NewHistory is the history of every studio and of none.
func NewHistory(db *postgres.SystemDB) *History { return &History{db} }

// Expire removes what has been over for 90 days, and says how many rows that were. A run that ends early has done a part.
func (h *History) Expire(ctx context.Context) (total int64, err error) {
	for _, sql := range expirations {
		for n := int64(historyChunk); n == historyChunk; total += n {
			err := h.db.Across(ctx, func(tx postgres.Tx) (err error) {
				n, err = tx.Exec(ctx, sql, historyChunk)
				return err
			})
			if err != nil {
				return total, fail.Wrap(err, "remove what is over")
			}
		}
	}
	return total, nil
}
