package billing

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// PaymentMethod is a saved card as it may be shown: nothing of it can be charged.
type PaymentMethod struct {
	ID        id.PaymentMethod
	MemberID  id.Member
	Brand     string
	Last4     string
	ExpMonth  int
	ExpYear   int
	Status    string // active, blocked or removed
	IsDefault bool
	CreatedAt time.Time
}

// What a saved card can be refused for.
var (
	ErrMethodNotFound = fail.New(fail.NotFound, "billing.payment_method_not_found", "There is no such saved card. Check the id.",
		"אין כרטיס שמור כזה. בדקו את המזהה.")
	ErrMethodNeeded = fail.New(fail.Conflict, "billing.method_needed", "This is the only card of a member who owes money. Save another card first, then remove this one.",
		"זהו הכרטיס היחיד של מתאמן שיש לו חוב. שמרו קודם כרטיס אחר ואז הסירו את זה.")
)

const (
	ownMethods = `
  and (current_setting('app.role') <> 'member' or p.member_id = (
    select o.id from members o where o.org_id = app.org() and o.clerk_user_id = app.actor()))`
	// A card that was saved at another terminal than the connected one is blocked: no other can charge it.
	methodColumns = `
select p.id, p.member_id, p.brand, p.last4, p.exp_month, p.exp_year,
  case when p.status = 'active' and p.terminal <> g.terminal then 'blocked' else p.status end, p.is_default, p.created_at
from payment_methods p join gateways g on g.org_id = p.org_id and g.id = p.gateway_id where p.org_id = app.org()`

	sqlListMethods = methodColumns + ownMethods + `
  and p.member_id = $1 and p.status <> 'removed' and ($2::uuid is null or p.id < $2) order by p.id desc limit $3`
	// sqlKnownMember finds a member whose cards and charges the caller may ask for: a list of nothing would not tell a wrong id.
	sqlKnownMember = `select true from members m where m.org_id = app.org() and m.id = $1
  and (current_setting('app.role') <> 'member' or m.clerk_user_id = app.actor())`

	// sqlLockMethods takes all cards of the card's owner, so that of two removals at once the second sees the first.
	sqlLockMethods = methodColumns + ownMethods + `
  and p.status <> 'removed' and p.member_id = (select x.member_id from payment_methods x where x.org_id = app.org() and x.id = $1)
order by p.id desc for update of p`
	sqlOwes = `select exists (select from charges where org_id = app.org() and member_id = $1 and state in ('due', 'in_flight', 'failed'))`
	// sqlRemoveMethod wipes the token and the name of its key: what is left can be read in old attempts and charged by nobody.
	sqlRemoveMethod = `
with p as (
  update payment_methods set status = 'removed', is_default = false, token_ct = '', key_id = '', removed_at = now()
  where org_id = app.org() and id = $1 returning id, member_id
), ev as (
  insert into member_events (org_id, member_id, at, kind, data)
  select app.org(), p.member_id, app.business_now(), 'card.removed', jsonb_build_object('payment_method_id', p.id) from p
)
insert into audit_log (org_id, action, object_kind, object_id) select app.org(), 'payment_method.removed', 'payment_method', p.id from p`
	// sqlMakeDefault looks again: a card that was saved while the removal waited for the others is the default already.
	sqlMakeDefault = `
update payment_methods p set is_default = true
where org_id = app.org() and id = $1 and not exists (select from payment_methods d where d.org_id = p.org_id and d.member_id = p.member_id and d.is_default)`
)

func scanMethod(row pgx.CollectableRow) (p PaymentMethod, err error) {
	err = row.Scan(&p.ID, &p.MemberID, &p.Brand, &p.Last4, &p.ExpMonth, &p.ExpYear, &p.Status, &p.IsDefault, &p.CreatedAt)
	return p, err
}

// ListMethods reads a member's saved cards, the latest first; removed ones are left out. after is the last one already
// read, zero for the first page. A member sees their own; whoever is not theirs to see is ErrMemberNotFound.
func (s *Store) ListMethods(ctx context.Context, c tenancy.Caller, member id.Member, after id.PaymentMethod, limit int) (list []PaymentMethod, err error) {
	var known bool
	b := &postgres.Batch{}
	b.Queue(sqlKnownMember, member).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	b.Queue(sqlListMethods, member, after, limit).Query(func(rows pgx.Rows) error {
		list, err = pgx.CollectRows(rows, scanMethod)
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) {
		return nil, ErrMemberNotFound
	}
	return list, fail.Wrap(err, "list payment methods")
}

// RemoveMethod removes a saved card, makes the latest other active one the default, and tries with it what waits for a card.
// A member removes their own.
// Errors: ErrMethodNotFound, ErrMethodNeeded when it is the last active card of somebody with an open charge.
func (s *Store) RemoveMethod(ctx context.Context, c tenancy.Caller, method id.PaymentMethod) (removed PaymentMethod, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlLockMethods, method)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scanMethod)
		if err != nil {
			return err
		}
		found, heir := split(all, method)
		if found == nil {
			return ErrMethodNotFound
		}
		removed = *found
		if err := mayRemove(ctx, tx, removed, heir != nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRemoveMethod, method); err != nil {
			return err
		}
		if heir != nil && !hasDefault(all, method) {
			err = inherit(ctx, tx, removed, *heir)
		}
		removed.Status, removed.IsDefault = "removed", false
		return err
	})
	return removed, fail.Wrap(err, "remove payment method %s", method)
}

// split finds the card, and the latest other one that is active.
func split(latestFirst []PaymentMethod, method id.PaymentMethod) (found, heir *PaymentMethod) {
	for i := range latestFirst {
		switch p := &latestFirst[i]; {
		case p.ID == method:
			found = p
		case p.Status == "active" && heir == nil:
			heir = p
		}
	}
	return found, heir
}

// hasDefault says whether a card other than method is the default; none is when it was method, or a card that is blocked.
func hasDefault(cards []PaymentMethod, method id.PaymentMethod) bool {
	return slices.ContainsFunc(cards, func(p PaymentMethod) bool { return p.IsDefault && p.ID != method })
}

// inherit makes heir the default, and has what waits for a card tried with it.
func inherit(ctx context.Context, tx postgres.Tx, removed, heir PaymentMethod) error {
	if _, err := tx.Exec(ctx, sqlMakeDefault, heir.ID); err != nil {
		return err
	}
	return chargeWaiting(ctx, tx, removed.MemberID, "heir:"+removed.ID.String())
}

func mayRemove(ctx context.Context, tx postgres.Tx, p PaymentMethod, hasHeir bool) error {
	if hasHeir || p.Status != "active" {
		return nil
	}
	var owes bool
	err := tx.QueryRow(ctx, sqlOwes, p.MemberID).Scan(&owes)
	if err == nil && owes {
		return ErrMethodNeeded
	}
	return err
}
