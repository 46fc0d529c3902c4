package membership

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// currentVersion joins plans p of organisations o with the version v that is for sale today, by the studio's calendar.
const currentVersion = `
from plans p join orgs o on o.id = p.org_id
left join plan_versions v on v.org_id = p.org_id and v.plan_id = p.id and v.effective @> (app.now_of(o.test_now) at time zone o.tz)::date
where p.org_id = app.org()`

// offerColumns are read by Offer.dest. An unset version column is zero, as in Terms.
const offerColumns = `
select p.id, p.name, p.type, p.status, v.id, coalesce(v.version, 0), lower(v.effective), upper(v.effective), coalesce(v.price, 0),
  coalesce(v.base_price, 0), coalesce(v.pay_mode, ''), coalesce(v.term_months, 0),
  case when v.pay_mode = 'issuer_installments' then v.installments else 0 end, coalesce(v.single_payment_allowed, false), coalesce(v.entries, 0), coalesce(v.validity_days, 0),
  coalesce(v.limits, '{}')`

const (
	sqlListPlans = offerColumns + currentVersion + `
  and (not $1::boolean or p.status = 'published' and p.type <> 'external' and v.id is not null)
  and ($2::uuid is null or p.id < $2)
order by p.id desc limit $3`
	sqlReadOffer = offerColumns + `, o.tz, o.charge_on_rest_days,
  array(select d.day from rest_days d where not o.charge_on_rest_days and d.day >= app.now_of(o.test_now)::date - 31)` + currentVersion + `
  and p.id = $1`
)

// scan reads offerColumns, then what more there is in the row.
func (o *Offer) scan(row pgx.Row, more ...any) error {
	var v Version
	dest := []any{&o.Plan.ID, &o.Plan.Name, &o.Plan.Type, &o.Plan.Status, &v.ID, &v.Number, &v.From, &v.To, &v.Price, &v.BasePrice, &v.PayMode,
		&v.TermMonths, &v.Installments, &v.SinglePayment, &v.Entries, &v.ValidityDays, &v.Limits}
	if err := row.Scan(append(dest, more...)...); err != nil {
		return err
	}
	if !v.ID.IsZero() {
		o.Version = &v
	}
	return nil
}

// ListPlans reads up to limit plans, the newest first, after the plan after (zero: from the newest). Members see what
// they can buy; staff see drafts too, which have no version yet.
func (s *Store) ListPlans(ctx context.Context, c tenancy.Caller, after id.Plan, limit int) (plans []Offer, err error) {
	b := &postgres.Batch{}
	b.Queue(sqlListPlans, isMember(c), after, limit).Query(func(rows pgx.Rows) error {
		plans, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Offer, err error) {
			err = o.scan(row)
			return o, err
		})
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	return plans, fail.Wrap(err, "list plans")
}

// isMember: a member's session names no organisation of Clerk's, staff's always does (app.enter decides by the same).
// It is known before the database is asked, so a read stays one round trip.
func isMember(c tenancy.Caller) bool { return c.UserID != "" && c.ClerkOrg == "" }

// Preview is the quote for a sale of plan that starts on startOn (zero: today). Nothing is written.
// Errors: ErrPlanNotFound, ErrSoldByStaff and those of Offer.Quote.
func (s *Store) Preview(ctx context.Context, c tenancy.Caller, plan id.Plan, startOn civil.Date) (Quote, error) {
	var o Offer
	b := &postgres.Batch{}
	queueOffer(&b.Batch, plan, &o)
	e, err := s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) {
		return Quote{}, ErrPlanNotFound
	}
	if err != nil {
		return Quote{}, fail.Wrap(err, "preview a sale of plan %s", plan)
	}
	if err := o.openTo(e.Role); err != nil {
		return Quote{}, err
	}
	return o.Quote(startOn, e.Now)
}

// openTo: a partner pays for an external membership, so only the studio, which knows the partner, sells it.
func (o Offer) openTo(role tenancy.Role) error {
	if role == tenancy.Member && o.Plan.Type == External {
		return ErrSoldByStaff
	}
	return nil
}

// queueOffer reads the offer of plan into o.
func queueOffer(b *pgx.Batch, plan id.Plan, o *Offer) {
	b.Queue(sqlReadOffer, plan).QueryRow(func(row pgx.Row) error {
		var zone string
		var restDays []time.Time
		if err := o.scan(row, &zone, &o.Calendar.ChargeOnRestDays, &restDays); err != nil {
			return err
		}
		o.Calendar.RestDays = map[civil.Date]bool{}
		for _, d := range restDays {
			o.Calendar.RestDays[civil.Of(d, time.UTC)] = true
		}
		var err error
		o.Calendar.Zone, err = time.LoadLocation(zone)
		return err
	})
}
