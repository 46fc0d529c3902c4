package membership

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// endChunk is how many memberships one transaction ends.
const endChunk = 500

const (
	ends = `app.membership_ends(m.type, m.entries_left, m.start_on, m.term_end, m.expires_on, m.cancel_effective_on)`
	// stillGoing are the memberships m of organisations o that have an end and wait for it. Months that begin before the end and
	// are not planned yet come first: they are owed, and nothing plans them afterwards.
	stillGoing = `
from memberships m join orgs o on o.id = m.org_id
where m.state in ('pending_payment', 'active', 'cancel_pending') and ` + ends + ` is not null
  and (m.next_charge_at is null or app.period_start(m.start_on, m.anchor_day, m.next_period) >= ` + ends + `)`
	over = stillGoing + ` and ` + ends + ` <= (app.now_of(o.test_now) at time zone o.tz)::date`

	// What the membership's charges owe after its end is settled by triggers of memberships, as after any cancellation.
	sqlEndMemberships = `
with due as (
  select m.id, m.member_id, app.now_of(o.test_now) as now,
    case ` + ends + ` when m.cancel_effective_on then 'cancelled' when m.term_end then 'term_over' when m.expires_on then 'expired' else 'used_up' end as reason` + over + `
  and m.org_id = app.org() order by ` + ends + `, m.id limit $1
  for update of m skip locked
), ended as (
  update memberships m set state = 'ended', next_charge_at = null, version = version + 1 from due d
  where m.org_id = app.org() and m.id = d.id
), told as (
  insert into member_events (org_id, member_id, at, kind, data)
  select app.org(), d.member_id, d.now, 'membership.ended', jsonb_build_object('membership_id', d.id, 'reason', d.reason) from due d
)
select count(*) from due`
	sqlOrgsToEnd = `
select x.id from orgs x where x.status = 'active' and exists (select` + over + ` and m.org_id = x.id)`
	sqlNextEnd = `
select min(` + ends + `::timestamp at time zone o.tz)` + stillGoing + ` and m.org_id = app.org()`
)

// FireDue ends the organisation's memberships whose day has come by its calendar. A second run finds none.
func (s *Store) FireDue(ctx context.Context, c tenancy.Caller) error {
	_, err := s.EndOrg(ctx, c)
	return err
}

// EndOrg is FireDue that says how many it ended.
func (s *Store) EndOrg(ctx context.Context, c tenancy.Caller) (total int64, err error) {
	for n := int64(endChunk); n == endChunk; total += n {
		err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error { return tx.QueryRow(ctx, sqlEndMemberships, endChunk).Scan(&n) })
		if err != nil {
			return total, fail.Wrap(err, "end memberships")
		}
	}
	return total, nil
}

// NextDue is the midnight at which the next membership here is over, by business time; nil when none has an end.
func (s *Store) NextDue(ctx context.Context, tx postgres.Tx) (at *time.Time, err error) {
	err = tx.QueryRow(ctx, sqlNextEnd).Scan(&at)
	return at, err
}

// Ender ends memberships in every studio.
type Ender struct {
	system *postgres.SystemDB
	store  *Store
}

// NewEnder is an ender. It finds studios as the system role and works in each as the app role.
func NewEnder(system *postgres.SystemDB, db *postgres.DB) *Ender { return &Ender{system, NewStore(db)} }

// End ends what is over and says how many memberships that were. One studio's failure does not stop the others.
func (x *Ender) End(ctx context.Context) (total int64, err error) {
	var orgs []id.Org
	err = x.system.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlOrgsToEnd)
		if err != nil {
			return err
		}
		orgs, err = pgx.CollectRows(rows, pgx.RowTo[id.Org])
		return err
	})
	for _, org := range orgs {
		n, e := x.store.EndOrg(ctx, tenancy.ForOrg(org, "cron:membership-apply-events"))
		total += n
		if e != nil && err == nil {
			err = fail.Wrap(e, "organisation %s", org)
		}
	}
	return total, err
}
