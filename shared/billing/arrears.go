package billing

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Arrear is a charge that is overdue, with where its dunning stands.
type Arrear struct {
	ChargeID    id.Charge
	MemberID    id.Member
	MemberName  string
	Amount      money.Agorot
	State       ChargeState
	DueAt       time.Time
	DaysOverdue int    // whole days of the studio
	Bucket      string // of age: 0-7, 8-14, 15-30, 31-60, 60+
	Rung        int
	NextStepAt  *time.Time // nil: nothing more happens by itself until something else does (a new card, the gateway)
	Reason      string     // why it was not paid: the last answer's class, or what is missing
	AccessLevel string     // of the member
}

// ArrearsTotal is what one bucket of age holds, over all pages.
type ArrearsTotal struct {
	Bucket  string
	Charges int
	Members int
	Amount  money.Agorot
}

// Buckets are the ages of debts, the youngest first; both ends of a range belong to it.
var Buckets = [...]string{"0-7", "8-14", "15-30", "31-60", "60+"}

// A charge is in arrears when its ladder was begun or has ended, or when a day after its due time it is still unpaid,
// whatever kept it (a paused gateway, say).
const (
	arrears = `
select c.id, c.member_id, m.name, c.amount, ` + shownState + ` as state, c.due_at, a.days, case
    when a.days <= 7 then '0-7' when a.days <= 14 then '8-14' when a.days <= 30 then '15-30' when a.days <= 60 then '31-60' else '60+' end as bucket,
  coalesce(d.rung, 0) as rung, d.next_at, coalesce(d.reason, '') as reason, m.access_level
from charges c join orgs o on o.id = c.org_id join members m on m.org_id = c.org_id and m.id = c.member_id
cross join lateral (select (app.business_now() at time zone o.tz)::date - (c.due_at at time zone o.tz)::date as days) a
left join lateral (
  select d.rung, d.next_at, d.reason, d.state from dunning_cases d
  where d.org_id = c.org_id and d.member_id = c.member_id and d.charge_id = c.id order by d.opened_at desc, d.id desc limit 1) d on true
where c.org_id = app.org() and c.state in ('due', 'in_flight', 'failed') and c.due_at <= app.business_now()
  and (c.state = 'failed' or d.state in ('open', 'waiting_method') or c.due_at <= app.business_now() - interval '1 day')`

	sqlListArrears = arrears + `
  and ($1::timestamptz is null or (c.due_at, c.id) > ($1, $2::uuid)) order by c.due_at, c.id limit $3`
	sqlArrearsTotals = `
select bucket, count(*), count(distinct member_id), sum(amount)::bigint from (` + arrears + `) x group by bucket`
)

// ListArrears reads overdue charges, the oldest first, and the totals of all of them by age: one total a bucket, the
// empty ones too. afterAt and after are the due time and id of the last charge already read; nil for the first page.
func (s *Store) ListArrears(ctx context.Context, c tenancy.Caller, afterAt *time.Time, after id.Charge, limit int) (list []Arrear, totals []ArrearsTotal, err error) {
	var found []ArrearsTotal
	b := &postgres.Batch{}
	b.Queue(sqlListArrears, afterAt, after, limit).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Arrear])
		return err
	})
	b.Queue(sqlArrearsTotals).Query(func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ArrearsTotal])
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	return list, everyBucket(found), fail.Wrap(err, "list arrears")
}

func everyBucket(found []ArrearsTotal) []ArrearsTotal {
	totals := make([]ArrearsTotal, len(Buckets))
	for i, bucket := range Buckets {
		totals[i].Bucket = bucket
		for _, f := range found {
			if f.Bucket == bucket {
				totals[i] = f
			}
		}
	}
	return totals
}
