package membership

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Charger makes a sale's charges in its own transaction, so that neither exists without the other.
type Charger interface {
	CreateInTx(ctx context.Context, tx postgres.Tx, c NewCharge) (id.Charge, error)
	// PlanInTx plans the months of a membership that have begun: a charge each, and when the next is.
	PlanInTx(ctx context.Context, tx postgres.Tx, sold id.Membership) error
}

// NewCharge is what is due at a sale that is paid at once.
type NewCharge struct {
	MemberID     id.Member // who owes it: the payer
	MembershipID id.Membership
	Kind         string // one_off
	Amount       money.Agorot
	Installments int
	Description  string
	DueAt        time.Time
}

const oneOff = "one_off"

// Sale is what somebody agreed to.
type Sale struct {
	MemberID id.Member
	PayerID  id.Member // zero: the member
	PlanID   id.Plan
	StartOn  civil.Date   // zero: today
	Price    money.Agorot // as the buyer saw it
}

// Sales sells memberships.
type Sales struct {
	db      *postgres.DB
	charges Charger
}

// NewSales sells on db and has what is due at once charged by charges.
func NewSales(db *postgres.DB, charges Charger) *Sales { return &Sales{db, charges} }

const (
	sqlInsertMembership = `
insert into memberships (org_id, id, member_id, payer_id, plan_version_id, type, state, price, pay_mode, installments, start_on, term_end,
  expires_on, anchor_day, periods_total, next_charge_at, entries_left, previous_id)
values (app.org(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
  (select p.id from memberships p where p.org_id = app.org() and p.member_id = $2 and p.state = 'ended' order by p.id desc limit 1))
returning previous_id`
	sqlPlanned    = `select next_period, next_charge_at from memberships where org_id = app.org() and id = $1`
	sqlInsertSold = `insert into member_events (org_id, member_id, at, kind, data) values (app.org(), $1, $2, 'membership.sold', $3)`
)

// Sell makes the membership and, in the same transaction, what is due now (Quote.DueNow): the charge of a deal that is paid at once,
// or those of the months that have begun. Later ones are made by the billing run, from NextChargeAt on. A member buys for themself only; another's id is ErrMemberNotFound
// or ErrPayerNotFound to them.
//
// Errors: ErrMemberNotFound, ErrMemberArchived, ErrPayerNotFound, ErrPayerArchived, ErrPlanNotFound, ErrSoldByStaff,
// those of Offer.Quote, ErrPriceChanged, ErrTrialUsed.
func (s *Sales) Sell(ctx context.Context, c tenancy.Caller, sale Sale) (m Membership, err error) {
	if sale.PayerID.IsZero() {
		sale.PayerID = sale.MemberID
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		q, phone, err := agree(ctx, tx, sale)
		if err != nil {
			return err
		}
		if q.Plan.Type == Trial {
			if err := firstTrial(ctx, tx, phone); err != nil {
				return err
			}
		}
		m = q.membership(sale)
		if err := m.insert(ctx, tx); err != nil {
			return err
		}
		if err := s.charge(ctx, tx, q, &m); err != nil {
			return err
		}
		m.count(ctx, tx.Entered())
		return nil
	})
	return m, fail.Wrap(err, "sell plan %s", sale.PlanID)
}

// membership is what the quote becomes when it is sold.
func (q Quote) membership(sale Sale) Membership {
	m := Membership{ID: id.New[id.Membership](), MemberID: sale.MemberID, PayerID: sale.PayerID, Plan: q.Plan, VersionID: q.Version.ID,
		Version: q.Version.Number, State: q.State(), Price: q.Version.Price, PayMode: q.Version.PayMode, Installments: max(q.Version.Installments, 1),
		StartOn: q.StartOn, TermEnd: q.TermEnd, ExpiresOn: q.ExpiresOn, AnchorDay: q.StartOn.Day, NextChargeAt: q.NextChargeAt()}
	if months := q.Version.TermMonths; months > 0 && q.Version.PaidMonthly() {
		m.PeriodsTotal = &months
	}
	if entries := q.Entries(); entries > 0 {
		m.EntriesLeft = &entries
	}
	return m
}

// count tells the owner of FitKit that something was sold, by whom and how it is paid.
func (m Membership) count(ctx context.Context, e tenancy.Entered) {
	if e.TestMode {
		return
	}
	obs.Capture(ctx, obs.Product{Event: "membership_sold", ID: m.ID.String(), Org: e.Org.String(),
		Codes: map[string]string{"plan_type": string(m.Plan.Type), "pay_mode": string(m.PayMode), "sold_by": string(e.Role)}})
}

func (m *Membership) insert(ctx context.Context, tx postgres.Tx) error {
	data, err := json.Marshal(map[string]any{"membership_id": m.ID, "plan_id": m.Plan.ID, "price_agorot": m.Price})
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(sqlInsertMembership, m.ID, m.MemberID, m.PayerID, m.VersionID, m.Plan.Type, m.State, m.Price, m.PayMode, m.Installments, m.StartOn,
		m.TermEnd, m.ExpiresOn, m.AnchorDay, m.PeriodsTotal, m.NextChargeAt, m.EntriesLeft).QueryRow(func(row pgx.Row) error { return row.Scan(&m.PreviousID) })
	b.Queue(sqlInsertSold, m.MemberID, tx.Now(), string(data))
	err = tx.Send(ctx, b)
	if postgres.Violates(err, "memberships_trial_once") {
		return ErrTrialUsed
	}
	return err
}

// charge makes what is due now.
func (s *Sales) charge(ctx context.Context, tx postgres.Tx, q Quote, m *Membership) error {
	switch {
	case q.DueNow() == 0:
		return nil
	case q.Version.PaidMonthly():
		if err := s.charges.PlanInTx(ctx, tx, m.ID); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlPlanned, m.ID).Scan(&m.NextPeriod, &m.NextChargeAt)
	}
	_, err := s.charges.CreateInTx(ctx, tx, NewCharge{MemberID: m.PayerID, MembershipID: m.ID, Kind: oneOff, Amount: m.Price,
		Installments: m.Installments, Description: m.Plan.Name, DueAt: tx.Now()})
	return err
}
