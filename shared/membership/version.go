package membership

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const (
	sqlLockPlan = `
select p.type, (app.now_of(o.test_now) at time zone o.tz)::date
from plans p join orgs o on o.id = p.org_id where p.org_id = app.org() and p.id = $1 for update of p`
	// An empty range is a version that was replaced on the day it began.
	sqlLastVersion = `
select coalesce(max(version), 0), max(lower(effective)) from plan_versions where org_id = app.org() and plan_id = $1`
	sqlCloseLastVersion = `
update plan_versions set effective = daterange(lower(effective), $2)
where org_id = app.org() and plan_id = $1 and upper_inf(effective)`
	sqlInsertVersion = `
insert into plan_versions (org_id, id, plan_id, version, price, base_price, pay_mode, term_months, installments, entries, validity_days,
  limits, effective, published_at, single_payment_allowed)
values (app.org(), $1, $2, $3, $4, nullif($5::bigint, 0), $6, nullif($7::int, 0), greatest($8::int, 1), nullif($9::int, 0), nullif($10::int, 0),
  $11, daterange($12, null), $13, $14)`
	sqlPublishPlan  = `update plans set status = 'published' where org_id = app.org() and id = $1`
	sqlAuditVersion = `
insert into audit_log (org_id, at, action, object_kind, object_id, data)
values (app.org(), $1, 'membership.version_published', 'plan', $2, jsonb_build_object('version', $3::int, 'price', $4::bigint))`
)

// PublishVersion puts new terms of a plan on sale from the day from (zero: today), and ends the sale of the former
// version on that day. What was sold before keeps its version (R1). A version that begins on the very day the last one
// did replaces it. Publishing a version of a retired plan puts the plan on sale again.
//
// Errors: ErrPlanNotFound, ErrTerms, ErrEffectiveInPast, ErrVersionOrder.
func (s *Store) PublishVersion(ctx context.Context, c tenancy.Caller, plan id.Plan, terms Terms, from civil.Date) (v Version, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		last, err := lockPlan(ctx, tx, plan)
		if err != nil {
			return err
		}
		if from.IsZero() {
			from = last.today
		}
		if err := last.allows(terms, from); err != nil {
			return err
		}
		v = Version{ID: id.New[id.PlanVersion](), Number: last.number + 1, From: from, Terms: terms}
		return v.insert(ctx, tx, plan)
	})
	return v, fail.Wrap(err, "publish version of plan %s", plan)
}

// lastVersion is what a new version of the plan has to follow.
type lastVersion struct {
	planType Type
	today    civil.Date
	number   int        // 0: there is none
	from     civil.Date // zero when there is none
}

// lockPlan holds the plan until commit, so that two publications follow one another. The last version is read by a
// statement of its own, which sees what the holder before committed.
func lockPlan(ctx context.Context, tx postgres.Tx, plan id.Plan) (last lastVersion, err error) {
	b := &pgx.Batch{}
	b.Queue(sqlLockPlan, plan).QueryRow(func(row pgx.Row) error { return row.Scan(&last.planType, &last.today) })
	b.Queue(sqlLastVersion, plan).QueryRow(func(row pgx.Row) error { return row.Scan(&last.number, &last.from) })
	err = tx.Send(ctx, b)
	if postgres.NoRows(err) {
		return last, ErrPlanNotFound
	}
	return last, err
}

func (last lastVersion) allows(terms Terms, from civil.Date) error {
	if err := terms.Check(last.planType); err != nil {
		return err
	}
	if from.Before(last.today) {
		return ErrEffectiveInPast
	}
	if from.Before(last.from) {
		return ErrVersionOrder
	}
	return nil
}

func (v Version) insert(ctx context.Context, tx postgres.Tx, plan id.Plan) error {
	limits, err := json.Marshal(v.Limits)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(sqlCloseLastVersion, plan, v.From)
	b.Queue(sqlInsertVersion, v.ID, plan, v.Number, v.Price, v.BasePrice, v.PayMode, v.TermMonths, v.Installments, v.Entries, v.ValidityDays,
		string(limits), v.From, tx.Now(), v.SinglePayment)
	b.Queue(sqlPublishPlan, plan)
	b.Queue(sqlAuditVersion, tx.Now(), plan, v.Number, v.Price)
	return tx.Send(ctx, b)
}
