package membership

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const membershipColumns = `
select m.id, m.member_id, m.payer_id, p.id, p.name, p.type, v.id, v.version, m.state, m.price, m.pay_mode, m.installments, m.start_on, m.term_end,
  m.expires_on, m.anchor_day, m.periods_total, m.next_period, m.next_charge_at, m.entries_left, m.cancel_notice_at, m.cancel_effective_on,
  m.previous_id
from memberships m join plan_versions v on v.org_id = m.org_id and v.id = m.plan_version_id
join plans p on p.org_id = v.org_id and p.id = v.plan_id
where m.org_id = app.org()`

// ownOnly: when its first parameter is true the caller is a member, who sees what they hold or pay for.
const ownOnly = `
  and (not $1::boolean or m.member_id = ` + callingMember + ` or m.payer_id = ` + callingMember + `)`

const callingMember = `(select o.id from members o where o.org_id = app.org() and o.clerk_user_id = app.actor())`

const (
	sqlReadMembership  = membershipColumns + ownOnly + ` and m.id = $2`
	sqlListMemberships = membershipColumns + ownOnly + `
  and ($2::uuid is null or m.member_id = $2) and ($3::uuid is null or p.id = $3) and ($4 = '' or m.state = $4)
  and ($5::uuid is null or m.id < $5)
order by m.id desc limit $6`
	// sqlKnownMember finds a member whose memberships the caller may ask for: a list of nothing would not tell a wrong id.
	sqlKnownMember = `
select true from members o where o.org_id = app.org() and o.id = $2 and (not $1::boolean or o.id = ` + callingMember + `
  or exists (select from memberships m where m.org_id = o.org_id and m.member_id = o.id and m.payer_id = ` + callingMember + `))`
	// Found through the people who owe, whose charges are indexed in this order.
	sqlReadLastCharges = `
select c.id, c.kind, c.description, c.amount, c.state, c.due_at, c.paid_at, lower(c.period), upper(c.period)
from memberships m join charges c on c.org_id = m.org_id and c.member_id in (m.member_id, m.payer_id) and c.membership_id = m.id
where m.org_id = app.org()` + ownOnly + ` and m.id = $2
order by c.due_at desc, c.id desc limit $3`
)

// lastCharges is how many charges Get reads: a year of months.
const lastCharges = 12

func scanMembership(row pgx.Row, m *Membership) error {
	return row.Scan(&m.ID, &m.MemberID, &m.PayerID, &m.Plan.ID, &m.Plan.Name, &m.Plan.Type, &m.VersionID, &m.Version, &m.State, &m.Price, &m.PayMode,
		&m.Installments, &m.StartOn, &m.TermEnd, &m.ExpiresOn, &m.AnchorDay, &m.PeriodsTotal, &m.NextPeriod, &m.NextChargeAt, &m.EntriesLeft,
		&m.CancelNoticeAt, &m.CancelEffectiveOn, &m.PreviousID)
}

// Get reads a membership and its last charges, the latest first. ErrNotFound when there is none that the caller may see.
func (s *Store) Get(ctx context.Context, c tenancy.Caller, membership id.Membership) (m Membership, charges []Charge, err error) {
	b := &postgres.Batch{}
	b.Queue(sqlReadMembership, isMember(c), membership).QueryRow(func(row pgx.Row) error { return scanMembership(row, &m) })
	b.Queue(sqlReadLastCharges, isMember(c), membership, lastCharges).Query(func(rows pgx.Rows) error {
		charges, err = pgx.CollectRows(rows, scanCharge)
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) {
		return m, nil, ErrNotFound
	}
	return m, charges, fail.Wrap(err, "read membership %s", membership)
}

func scanCharge(row pgx.CollectableRow) (c Charge, err error) {
	var from, to civil.Date
	err = row.Scan(&c.ID, &c.Kind, &c.Description, &c.Amount, &c.State, &c.DueAt, &c.PaidAt, &from, &to)
	c.Period = civil.Period{From: from, To: to}
	return c, err
}

// Filter narrows a list; zero fields do not.
type Filter struct {
	MemberID id.Member
	PlanID   id.Plan
	State    State
	After    id.Membership // the last one already read
	Limit    int
}

// List reads memberships, the latest sold first. A member sees what they hold or pay for; whoever is not theirs to see is
// ErrMemberNotFound.
func (s *Store) List(ctx context.Context, c tenancy.Caller, f Filter) (list []Membership, err error) {
	b := &postgres.Batch{}
	if !f.MemberID.IsZero() {
		var known bool
		b.Queue(sqlKnownMember, isMember(c), f.MemberID).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	}
	b.Queue(sqlListMemberships, isMember(c), f.MemberID, f.PlanID, string(f.State), f.After, f.Limit).Query(func(rows pgx.Rows) error {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Membership, err error) {
			err = scanMembership(row, &m)
			return m, err
		})
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) {
		return nil, ErrMemberNotFound
	}
	return list, fail.Wrap(err, "list memberships")
}
