package billing

import (
	"context"
	"strings"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/name"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// NewCharge is a charge that is not one of a membership's periods, which the planner makes.
type NewCharge struct {
	MemberID     id.Member     // who owes it
	MembershipID id.Membership // zero: none
	Kind         string        // one_off, fee or registration
	Amount       money.Agorot
	Installments int // zero: one payment
	Description  string
	DueAt        time.Time // business time; zero or past: now, because a debt's ladder starts on the day it is made
}

// What a new charge can be refused for.
var (
	ErrDescription = fail.New(fail.Invalid, "billing.charge_description", "Describe the charge in plain words, without control characters; the member reads it.",
		"תארו את החיוב במילים פשוטות וללא תווי בקרה; המתאמן קורא אותן.").WithFields(fail.At("body.description", "must be plain text", "חייב להיות טקסט פשוט"))
	ErrDueTooFar = fail.New(fail.Invalid, "billing.charge_due_too_far", "A charge can be due at most 12 months from today. Choose an earlier day.",
		"חיוב יכול להיקבע לכל היותר 12 חודשים מהיום. בחרו יום מוקדם יותר.").WithFields(fail.At("body.due_at", "must be within 12 months", "חייב להיות בתוך 12 חודשים"))
)

// maxMonthsAhead is how far ahead a charge may be due.
const maxMonthsAhead = 12

const (
	sqlNewCharge = `
with c as (
  insert into charges (org_id, id, member_id, membership_id, kind, amount, installments, description, due_at)
  values (app.org(), $1, $2, $3, $4, $5, $6, $7, greatest($8, app.business_now()))
  returning id, member_id, kind, amount, due_at
), ev as (
  insert into member_events (org_id, member_id, at, kind, data)
  select app.org(), c.member_id, app.business_now(), 'charge.created', jsonb_build_object('charge_id', c.id, 'kind', c.kind, 'amount_agorot', c.amount) from c
)
select due_at <= app.business_now() from c`
	sqlActiveMember = `select true from members where org_id = app.org() and id = $1 and status = 'active' for share`
)

// CreateInTx makes the charge in the caller's transaction, so that a sale and its charge exist together or not at all.
// One that is due is sent to be collected after commit; a later one is found by the planner on its day.
func (s *Store) CreateInTx(ctx context.Context, tx postgres.Tx, n NewCharge) (id.Charge, error) {
	charge := id.New[id.Charge]()
	var due *time.Time
	if !n.DueAt.IsZero() {
		due = &n.DueAt
	}
	isDue := false
	err := tx.QueryRow(ctx, sqlNewCharge, charge, n.MemberID, n.MembershipID, n.Kind, n.Amount, max(n.Installments, 1), n.Description, due).Scan(&isDue)
	if err != nil || !isDue {
		return charge, fail.Wrap(err, "insert charge")
	}
	return charge, enqueueExecute(ctx, tx, charge, firstTry)
}

// Create charges an active member for something that is not a membership's period.
// Errors: ErrMemberNotFound, ErrDescription, ErrDueTooFar.
func (s *Store) Create(ctx context.Context, c tenancy.Caller, n NewCharge) (made Charge, err error) {
	if n.Description, err = name.Clean(strings.TrimSpace(n.Description)); err != nil {
		return made, ErrDescription
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var active bool
		err := tx.QueryRow(ctx, sqlActiveMember, n.MemberID).Scan(&active)
		if postgres.NoRows(err) {
			return ErrMemberNotFound
		}
		if err != nil {
			return err
		}
		if n.DueAt.After(tx.Now().AddDate(0, maxMonthsAhead, 0)) {
			return ErrDueTooFar
		}
		charge, err := s.CreateInTx(ctx, tx, n)
		if err != nil {
			return err
		}
		made, err = readCharge(ctx, tx, charge)
		return err
	})
	return made, fail.Wrap(err, "create charge")
}
