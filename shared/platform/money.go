package platform

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

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
	Cases     []MoneyCase // the oldest first
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
	OpenedAt time.Time
}

// A test studio's own clock counts for its attempts, as it does for their look-ups.
const (
	sqlUnknown = `select count(*) from payment_attempts where state = 'unknown'`
	sqlOverdue = `
select a.org_id, a.id, a.charge_id, a.unknown_at, a.lookups, a.next_lookup_at
from payment_attempts a join orgs o on o.id = a.org_id
where a.state = 'unknown' and a.unknown_at < coalesce(o.test_now, now()) - $1::interval order by a.unknown_at limit $2`
	sqlCaseCount = `select count(*) from money_cases where state = 'open'`
	sqlCases     = `select org_id, id, kind, attempt_id, opened_at from money_cases where state = 'open' order by opened_at, id limit $1`
)

// Money reads what is open about money.
func (o *Overview) Money(ctx context.Context) (m Money, err error) {
	err = o.db.Across(ctx, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, sqlUnknown).Scan(&m.Unknown); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlCaseCount).Scan(&m.OpenCases); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlOverdue, UnknownFor.String(), moneyShown)
		if err != nil {
			return err
		}
		if m.Overdue, err = pgx.CollectRows(rows, pgx.RowToStructByPos[OverdueAttempt]); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, sqlCases, moneyShown); err != nil {
			return err
		}
		m.Cases, err = pgx.CollectRows(rows, pgx.RowToStructByPos[MoneyCase])
		return err
	})
	return m, fail.Wrap(err, "read what is open about money")
}
