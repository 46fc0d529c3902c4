package platform

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

// UnknownFor is when an attempt whose outcome nobody knows should have been settled: its last look-up is a day after the loss,
// and has an hour to run.
const UnknownFor = 25 * time.Hour

// moneyShown bounds each list of questions; the counts are of all.
const moneyShown = 100

// Money is what is open about money, in all studios.
type Money struct {
	Unknown   int64 // attempts whose outcome is unknown, of any age
	Overdue   []OverdueAttempt
	OpenCases int64
	ByKind    map[string]int64 // of the open cases
	Cases     []MoneyCase      // the oldest first
	Unproven  int64            // finished days whose proof is lacking, of any age; none of tests
	Days      []UnprovenDay    // the oldest first
}

// OverdueAttempt has been unknown for longer than UnknownFor.
type OverdueAttempt struct {
	Org       id.Org
	ID        id.Attempt
	Charge    id.Charge
	UnknownAt time.Time
	Lookups   int
	NextAt    *time.Time // nil when no further look-up is planned
}

// MoneyCase is a question that a person has to answer.
type MoneyCase struct {
	Org      id.Org
	ID       id.Event
	Kind     string
	Attempt  *id.Attempt
	Subject  *string     // what a day's proof found it on: the id of a row, or the provider's number of a transaction
	Day      *civil.Date // whose proof found it
	OpenedAt time.Time
}

// UnprovenDay is a finished day of a studio whose charges are not proven.
type UnprovenDay struct {
	Org     id.Org
	Day     civil.Date
	State   string // waiting: something has no answer; differs: a person's question
	Tries   int
	TriedAt *time.Time
}

// A test studio's own clock counts for its attempts, as it does for their look-ups.
const (
	sqlUnknown = `select count(*) from payment_attempts where state = 'unknown'`
	sqlOverdue = `
select a.org_id, a.id, a.charge_id, a.unknown_at, a.lookups, a.next_lookup_at
from payment_attempts a join orgs o on o.id = a.org_id
where a.state = 'unknown' and a.unknown_at < coalesce(o.test_now, now()) - $1::interval order by a.unknown_at limit $2`
	sqlCaseCounts = `select k.kind, count(*)` + fromCases + ` group by k.kind`
	sqlCases      = `select k.org_id, k.id, k.kind, k.attempt_id, k.subject, k.day, k.opened_at` + fromCases + ` order by k.opened_at, k.id limit $1`
	sqlUnproven   = `select count(*)` + fromDays
	sqlDays       = `select p.org_id, p.day, p.state, p.tries, p.tried_at` + fromDays + ` order by p.day, p.org_id limit $1`

	// What the proofs of test studios and of test terminals found is nobody's to answer, and days of a test clock would stand before all others.
	fromDays = `
from day_proofs p join orgs o on o.id = p.org_id
where p.state in ('waiting', 'differs') and coalesce((p.figures->>'moves_money')::boolean, true) and not o.test_mode`
	fromCases = `
from money_cases k join orgs o on o.id = k.org_id left join day_proofs p on p.org_id = k.org_id and p.day = k.day
where k.state = 'open' and (k.subject is null or not o.test_mode and coalesce((p.figures->>'moves_money')::boolean, true))`
)

// Money reads what is open about money.
func (o *Overview) Money(ctx context.Context) (m Money, err error) {
	err = o.db.Across(ctx, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, sqlUnknown).Scan(&m.Unknown); err != nil {
			return err
		}
		if err := m.countCases(ctx, tx); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlUnproven).Scan(&m.Unproven); err != nil {
			return err
		}
		if m.Overdue, err = list[OverdueAttempt](ctx, tx, sqlOverdue, UnknownFor.String(), moneyShown); err != nil {
			return err
		}
		if m.Days, err = list[UnprovenDay](ctx, tx, sqlDays, moneyShown); err != nil {
			return err
		}
		m.Cases, err = list[MoneyCase](ctx, tx, sqlCases, moneyShown)
		return err
	})
	return m, fail.Wrap(err, "read what is open about money")
}

func (m *Money) countCases(ctx context.Context, tx postgres.Tx) error {
	rows, err := tx.Query(ctx, sqlCaseCounts)
	if err != nil {
		return err
	}
	m.ByKind = map[string]int64{}
	var kind string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&kind, &n}, func() error {
		m.ByKind[kind] = n
		m.OpenCases += n
		return nil
	})
	return err
}

func list[T any](ctx context.Context, tx postgres.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}
