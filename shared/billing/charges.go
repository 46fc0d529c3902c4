package billing

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Charge is what a member owes or owed, as it may be shown.
type Charge struct {
	ID           id.Charge
	MemberID     id.Member
	MembershipID id.Membership // zero: none
	Kind         string
	Description  string
	Amount       money.Agorot
	Installments int
	State        ChargeState
	DueAt        time.Time
	PaidAt       *time.Time
	From, To     civil.Date // of a membership's period; zero otherwise
	Tries        int
	NextStepAt   *time.Time // of dunning
	VoidReason   string     // staff only
}

// ChargeState is a charge's state as people read it.
type ChargeState string

// The states. A charge whose attempt has no answer is being checked: it has not failed, and nobody may pay it twice.
const (
	Due          ChargeState = "due"
	InFlight     ChargeState = "in_flight"
	BeingChecked ChargeState = "being_checked"
	Paid         ChargeState = "paid"
	Failed       ChargeState = "failed"
	Void         ChargeState = "void"
	WrittenOff   ChargeState = "written_off"
)

// Statements about charges. A member sees their own: the organisation's entry has set who they are.
const (
	shownState = `case when exists (select from payment_attempts a where a.org_id = c.org_id and a.charge_id = c.id and a.state = 'unknown')
    then 'being_checked' else c.state end`
	ownCharges = `
  and (current_setting('app.role') <> 'member' or c.member_id = (
    select o.id from members o where o.org_id = app.org() and o.clerk_user_id = app.actor()))`
	chargeColumns = `
select c.id, c.member_id, c.membership_id, c.kind, c.description, c.amount, c.installments, ` + shownState + `, c.due_at, c.paid_at,
  lower(c.period), upper(c.period),
  (select coalesce(max(a.n), 0) from payment_attempts a where a.org_id = c.org_id and a.charge_id = c.id),
  (select d.next_at from dunning_cases d where d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method')),
  case when current_setting('app.role') = 'member' then '' else c.void_reason end
from charges c join orgs o on o.id = c.org_id
where c.org_id = app.org()`

	sqlReadCharge  = chargeColumns + ` and c.id = $1`
	sqlListCharges = chargeColumns + ownCharges + `
  and ($1::uuid is null or c.member_id = $1) and ($2 = '' or ` + shownState + ` = $2)
  and ($3::date is null or c.due_at >= $3::date::timestamp at time zone o.tz)
  and ($4::date is null or c.due_at < ($4::date + 1)::timestamp at time zone o.tz)
  and ($5::timestamptz is null or (c.due_at, c.id) < ($5, $6::uuid))
order by c.due_at desc, c.id desc limit $7`
)

func scanCharge(row pgx.CollectableRow) (c Charge, err error) {
	err = row.Scan(&c.ID, &c.MemberID, &c.MembershipID, &c.Kind, &c.Description, &c.Amount, &c.Installments, &c.State, &c.DueAt, &c.PaidAt,
		&c.From, &c.To, &c.Tries, &c.NextStepAt, &c.VoidReason)
	return c, err
}

func readCharge(ctx context.Context, tx postgres.Tx, charge id.Charge) (Charge, error) {
	rows, err := tx.Query(ctx, sqlReadCharge, charge)
	if err != nil {
		return Charge{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanCharge)
}

// ChargeFilter narrows a list of charges; zero fields do not.
type ChargeFilter struct {
	MemberID       id.Member
	State          ChargeState
	DueFrom, DueTo civil.Date // days of the studio, both included
	AfterAt        *time.Time // with After: the due time and id of the last one already read
	After          id.Charge
	Limit          int
}

// ListCharges reads charges, the latest due first. A member sees their own; whoever is not theirs to see is ErrMemberNotFound.
func (s *Store) ListCharges(ctx context.Context, c tenancy.Caller, f ChargeFilter) (list []Charge, err error) {
	b := &postgres.Batch{}
	if !f.MemberID.IsZero() {
		var known bool
		b.Queue(sqlKnownMember, f.MemberID).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	}
	b.Queue(sqlListCharges, f.MemberID, string(f.State), f.DueFrom, f.DueTo, f.AfterAt, f.After, f.Limit).Query(func(rows pgx.Rows) error {
		list, err = pgx.CollectRows(rows, scanCharge)
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) {
		return nil, ErrMemberNotFound
	}
	return list, fail.Wrap(err, "list charges")
}
