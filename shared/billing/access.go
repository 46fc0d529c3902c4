package billing

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// accessChunk is how many members one transaction settles: their rows stay locked until it commits.
const accessChunk = 200

// sqlAccessDue settles members whose level time alone changes, such as the end of a grace that outlasts the ladder. Each is looked at by
// the rule again, which sets the next look; while the studio's charges are paused, debts do not age.
const sqlAccessDue = `
with due as materialized (
  select m.id from members m join orgs o on o.id = m.org_id
  where m.org_id = app.org() and m.access_next_at <= app.business_now() and o.charges_paused_at is null
  order by m.id limit $1
)
select count(app.settle_access(app.org(), due.id, 'time')) from due`

// settleAccessDue settles, chunk by chunk, every member of one organisation who is due, and says how many.
func (s *Store) settleAccessDue(ctx context.Context, c tenancy.Caller) (total int64, err error) {
	for n := int64(accessChunk); n == accessChunk; total += n {
		err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
			return tx.QueryRow(ctx, sqlAccessDue, accessChunk).Scan(&n)
		})
		if err != nil {
			return total, fail.Wrap(err, "settle members' access")
		}
	}
	return total, nil
}
