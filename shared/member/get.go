package member

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

// Due is what a member owes or will owe, and since or from when.
type Due struct {
	At     time.Time
	Amount money.Agorot
}

// nextCharge is the earliest of what a member m has not paid yet and the next months of the memberships that they pay for: two
// look-ups by index. A month that begins when its cancellation has taken effect is never charged.
const nextCharge = `
left join lateral (
  (select c.due_at as at, c.amount from charges c
    where c.org_id = m.org_id and c.member_id = m.id and c.state in ('due', 'in_flight', 'failed') order by c.due_at limit 1)
  union all
  (select h.next_charge_at, h.price from memberships h
    where h.org_id = m.org_id and h.payer_id = m.id and h.state in ('pending_payment', 'active', 'cancel_pending') and h.next_charge_at is not null
      and (h.cancel_effective_on is null or app.period_start(h.start_on, h.anchor_day, h.next_period) < h.cancel_effective_on)
    order by h.next_charge_at limit 1)
  order by at limit 1
) n on true `

const sqlGet = `select ` + columns + `, n.at, n.amount` + from + nextCharge + `where m.org_id = app.org() and m.id = $1`

// Get is a card. A member may read their own; somebody else's is as if it were not there.
func (s *Store) Get(ctx context.Context, c tenancy.Caller, member id.Member) (m Member, err error) {
	b := &postgres.Batch{}
	b.Queue(sqlGet, member).QueryRow(func(row pgx.Row) error {
		var at *time.Time
		var amount *money.Agorot
		m, err = scan(row, &at, &amount)
		if at != nil {
			m.NextCharge = &Due{*at, *amount}
		}
		return err
	})
	e, err := s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) || err == nil && hidden(e, member) {
		return Member{}, ErrNotFound
	}
	return visible(m, e.Role), fail.Wrap(err, "read member")
}

// hidden says whether the caller is a member and this is not their card.
func hidden(e tenancy.Entered, member id.Member) bool {
	return e.Role == tenancy.Member && e.MemberID != member
}

// visible is what role may see of a card: coaches have no use for anything of a national ID, nor for what is owed.
func visible(m Member, role tenancy.Role) Member {
	if role == tenancy.Coach {
		m.NationalID, m.NextCharge = nil, nil
	}
	return m
}
