package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// books is what FitKit itself has written of a day.
type books struct {
	charges  DayCharges
	approved []bookedAttempt
	oddities []Difference // what no attempt explains
	asking   []asking
	nightly  *Nightly
}

// bookedAttempt is an approved attempt with all that must follow from it.
type bookedAttempt struct {
	ID          id.Attempt
	Gateway     id.Gateway
	Terminal    string
	Txn         string
	Amount      money.Agorot
	ChargeState string
	Payments    int
	Paid        money.Agorot
	Allocated   money.Agorot
	Entries     int
	Ledger      money.Agorot // clearing account
}

// An attempt belongs to the local day of its business time, so each belongs to one; the money it moved is looked for
// wherever it was written.
const (
	sqlToday = `select (app.business_now() at time zone o.tz)::date from orgs o where o.id = app.org()`

	theDay = `
with d as (
  select $1::date::timestamp at time zone o.tz as first, ($1::date + 1)::timestamp at time zone o.tz as next from orgs o where o.id = app.org()
)`
	sqlDayCharges = theDay + `
select count(c.id), count(*) filter (where c.state = 'paid' and not t.declined), count(*) filter (where c.state = 'paid' and t.declined),
  count(*) filter (where c.state <> 'paid' and not t.live and t.tries > 0), count(*) filter (where c.state <> 'paid' and t.live),
  count(*) filter (where c.state <> 'paid' and t.tries = 0),
  (select coalesce(extract(epoch from app.business_now() - min(coalesce(a.unknown_at, a.business_at)))::bigint, 0) from payment_attempts a, d
    where a.org_id = app.org() and a.state in ('claimed', 'sent', 'unknown') and a.business_at >= d.first and a.business_at < d.next)
from d left join charges c on c.org_id = app.org() and c.state <> 'void' and c.due_at >= d.first and c.due_at < d.next
left join lateral (
  select count(*) as tries, coalesce(bool_or(a.state in ('claimed', 'sent', 'unknown')), false) as live,
    coalesce(bool_or(a.state = 'declined'), false) as declined
  from payment_attempts a where a.org_id = c.org_id and a.charge_id = c.id) t on true`

	sqlDayApproved = theDay + `
select a.id, a.gateway_id, a.terminal, a.provider_txn, a.amount, c.state, coalesce(p.n, 0), coalesce(p.paid, 0), coalesce(p.allocated, 0),
  coalesce(p.entries, 0), coalesce(p.ledger, 0)
from d join payment_attempts a on a.org_id = app.org() and a.state = 'approved' and a.business_at >= d.first and a.business_at < d.next
join charges c on c.org_id = a.org_id and c.id = a.charge_id
left join lateral (
  select count(*)::int as n, sum(p.amount)::bigint as paid,
    sum((select coalesce(sum(al.amount), 0) from allocations al where al.org_id = p.org_id and al.payment_id = p.id and al.charge_id = a.charge_id))::bigint as allocated,
    sum((select count(*) from ledger_entries e where e.org_id = p.org_id and e.payment_id = p.id and e.kind = 'payment'))::int as entries,
    sum((select coalesce(sum(l.amount), 0) from ledger_entries e join ledger_lines l on l.org_id = e.org_id and l.entry_id = e.id
      where e.org_id = p.org_id and e.payment_id = p.id and e.kind = 'payment' and l.account = 'clearing_card'))::bigint as ledger
  from payments p where p.org_id = a.org_id and p.attempt_id = a.id) p on true
order by a.id`

	sqlDayOddities = theDay + `
select 'unanswered', a.id::text, 'the attempt has no answer yet (' || a.state || ')'
from d join payment_attempts a on a.org_id = app.org() and a.business_at >= d.first and a.business_at < d.next
where a.state in ('claimed', 'sent', 'unknown')
union all
select 'payment_without_approval', p.id::text, 'a card payment of an attempt that is ' || a.state
from d join payments p on p.org_id = app.org() and p.received_at >= d.first and p.received_at < d.next
join payment_attempts a on a.org_id = p.org_id and a.id = p.attempt_id
where p.method = 'card' and a.state <> 'approved'
union all
select 'paid_without_payment', c.id::text, 'the charge is paid, and what was allocated to it is another amount'
from d join charges c on c.org_id = app.org() and c.paid_at >= d.first and c.paid_at < d.next
where c.state = 'paid' and c.amount <> (select coalesce(sum(al.amount), 0) from allocations al where al.org_id = c.org_id and al.charge_id = c.id)
union all
select 'entry_without_payment', e.id::text, 'an entry of no payment'
from d join ledger_entries e on e.org_id = app.org() and e.at >= d.first and e.at < d.next
where e.kind = 'payment' and e.payment_id is null
order by 1, 2`

	// sqlDayAsking: whatever was sent may have been taken, so its real day is asked for too.
	sqlDayAsking = theDay + `
select a.terminal, g.id, g.terminal, g.creds_ct, g.settings, bool_or(a.state = 'approved'),
  min(a.sent_at), max(greatest(a.sent_at, case when a.state = 'approved' then a.settled_at end))
from d join payment_attempts a on a.org_id = app.org() and a.business_at >= d.first and a.business_at < d.next
join gateways g on g.org_id = a.org_id and g.id = a.gateway_id
where a.sent_at is not null group by g.org_id, g.id, a.terminal order by g.id, a.terminal`

	sqlNightly = `select state, tries, tried_at from day_proofs where org_id = app.org() and day = $1`
)

// readBooks reads statement by statement, each of its own moment. What has no answer is read before what is approved: an attempt that is
// approved in between is in both and keeps the day for the next night, where it would be in neither.
func (s *Collector) readBooks(ctx context.Context, c tenancy.Caller, day civil.Date) (k books, err error) {
	var today civil.Date
	b := &postgres.Batch{}
	b.Queue(sqlToday).QueryRow(func(row pgx.Row) error { return row.Scan(&today) })
	b.Queue(sqlDayOddities, day).Query(func(rows pgx.Rows) (err error) {
		k.oddities, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Difference])
		return err
	})
	b.Queue(sqlDayCharges, day).QueryRow(k.charges.scan)
	b.Queue(sqlDayApproved, day).Query(func(rows pgx.Rows) (err error) {
		k.approved, err = pgx.CollectRows(rows, pgx.RowToStructByPos[bookedAttempt])
		return err
	})
	b.Queue(sqlDayAsking, day).Query(func(rows pgx.Rows) (err error) {
		k.asking, err = pgx.CollectRows(rows, scanAsking)
		return err
	})
	b.Queue(sqlNightly, day).QueryRow(k.scanNightly)
	e, err := s.db.ReadInOrg(ctx, c, b)
	if err == nil && day.After(today) {
		return k, ErrDayAhead
	}
	for i := range k.asking {
		k.asking[i].Gateway.Org = e.Org
	}
	return k, err
}

func (d *DayCharges) scan(row pgx.Row) error {
	var age int64
	err := row.Scan(&d.Due, &d.FirstTry, &d.Recovered, &d.Declined, &d.Unknown, &d.NotTried, &age)
	d.UnknownAge = time.Duration(age) * time.Second
	return err
}

func (k *books) scanNightly(row pgx.Row) error {
	var n Nightly
	err := row.Scan(&n.State, &n.Tries, &n.TriedAt)
	if postgres.NoRows(err) {
		return nil
	}
	k.nightly = &n
	return err
}

func scanAsking(row pgx.CollectableRow) (a asking, err error) {
	err = row.Scan(&a.Terminal, &a.Gateway.ID, &a.Gateway.Terminal, &a.Gateway.SealedCreds, &a.Gateway.Settings, &a.Took, &a.First, &a.Last)
	return a, err
}

func (k books) sums() (s DaySums) {
	for _, a := range k.approved {
		s.Approved++
		s.Attempts += a.Amount
		s.Payments += a.Paid
		s.Allocations += a.Allocated
		s.Ledger += a.Ledger
	}
	return s
}

func (k books) approvedAt(a asking) (list []bookedAttempt) {
	for _, b := range k.approved {
		if b.Gateway == a.Gateway.ID && b.Terminal == a.Terminal {
			list = append(list, b)
		}
	}
	return list
}

// differences is what does not follow from the day's approved attempts though it must.
func (k books) differences() (found []Difference) {
	for _, a := range k.approved {
		say := func(kind, format string, args ...any) {
			found = append(found, Difference{kind, a.ID.String(), fmt.Sprintf(format, args...)})
		}
		if a.ChargeState != "paid" {
			say("charge_not_paid", "approved, and its charge is %s", a.ChargeState)
		}
		if a.Payments != 1 || a.Paid != a.Amount {
			say("payment_differs", "%d payments of %s, not one of %s", a.Payments, a.Paid, a.Amount)
		}
		if a.Allocated != a.Amount {
			say("allocation_differs", "%s allocated, not %s", a.Allocated, a.Amount)
		}
		if a.Entries != 1 || a.Ledger != a.Amount {
			say("ledger_differs", "%d entries that clear %s, not one of %s", a.Entries, a.Ledger, a.Amount)
		}
	}
	return found
}
