package billing

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// sqlApprove settles attempts as approved, and in the same statement everything that follows from money having moved:
// the charge is paid, the payment and its allocation exist, the ledger balances, the membership is active, dunning is
// over, and access is what the debts that are left allow, by the rule of app.settle_access. Every part hangs on the first UPDATE; when an attempt is settled already, all of it is
// nothing for it. VAT is by the rate of the payment's day; an exempt dealer (patur) has none.
const sqlApprove = `
with t as materialized (
  select app.business_now() as now
), work as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) as w (attempt_id, provider_txn, code, amount)
), a as (
  update payment_attempts pa set state = 'approved', provider_txn = w.provider_txn, code = w.code, settled_at = now(), next_lookup_at = null
  from work w
  where pa.org_id = app.org() and pa.id = w.attempt_id and pa.state in ('sent', 'unknown') and pa.amount = w.amount
  returning pa.id, pa.charge_id, pa.provider_txn
), c as (
  update charges ch set state = 'paid', paid_at = t.now from a, t
  where ch.org_id = app.org() and ch.id = a.charge_id
  returning ch.id, ch.member_id, ch.membership_id, ch.amount, a.id as attempt_id, a.provider_txn
), p as (
  insert into payments (org_id, id, member_id, attempt_id, method, amount, provider_txn, received_at)
  select app.org(), app.uuidv7(), c.member_id, c.attempt_id, 'card', c.amount, c.provider_txn, t.now from c, t
  returning id, attempt_id, amount
), al as (
  insert into allocations (org_id, payment_id, charge_id, amount) select app.org(), p.id, c.id, p.amount from p join c using (attempt_id)
), v as (
  select p.id, p.amount, case when o.legal_kind = 'patur' then 0
    else p.amount - (20000 * p.amount + 10000 + r.rate_bp) / (2 * (10000 + r.rate_bp)) end as vat
  from p, t, orgs o, vat_rates r
  where o.id = app.org() and r.effective @> (t.now at time zone o.tz)::date
), e as (
  insert into ledger_entries (org_id, id, kind, payment_id, at) select app.org(), app.uuidv7(), 'payment', p.id, t.now from p, t
  returning id, payment_id
), l as (
  insert into ledger_lines (org_id, entry_id, account, amount)
  select app.org(), e.id, x.account, x.amount
  from e join v on v.id = e.payment_id, lateral (values ('clearing_card', v.amount), ('sales', v.vat - v.amount), ('vat_output', -v.vat)) x (account, amount)
  where x.amount <> 0
), m as (
  update memberships ms set state = 'active' from c
  where ms.org_id = app.org() and ms.id = c.membership_id and ms.state = 'pending_payment'
), d as (
  update dunning_cases dc set state = 'won', closed_at = t.now, next_at = null from c, t
  where dc.org_id = app.org() and dc.charge_id = c.id and dc.state in ('open', 'waiting_method')
), ev as (
  insert into member_events (org_id, member_id, at, kind, data)
  select app.org(), c.member_id, t.now, 'charge.paid', jsonb_build_object('charge_id', c.id, 'amount_agorot', c.amount) from c, t
  returning member_id
), debtors as materialized (
  select ev.member_id from ev join members mb on mb.org_id = app.org() and mb.id = ev.member_id
  where mb.access_level <> 'full' or exists (select from dunning_cases x join c on c.id = x.charge_id where x.org_id = app.org() and x.member_id = ev.member_id)
  group by ev.member_id order by ev.member_id
), acc as materialized (
  select app.settle_access(app.org(), member_id, 'charge.paid', (select array_agg(id) from c)) as level from debtors
)
select count(*), (select count(level) from acc) from c`

// record writes down what the provider answered. It is called once by the worker that sent the attempt and once by
// every look-up; the guards let exactly one of them settle it.
func (s *Collector) record(ctx context.Context, c tenancy.Caller, a id.Attempt, o payment.Outcome) error {
	switch o.State {
	case payment.Paid:
		return s.approve(c, []approval{{ctx, a, o}})
	case payment.Declined:
		return s.decline(ctx, c, a, o)
	}
	return s.unknown(ctx, c, a, o)
}

const (
	sqlDecline = `
update payment_attempts set state = $2, decline_class = $3, code = $4, settled_at = now(), next_lookup_at = null
where org_id = app.org() and id = $1 and state in ('sent', 'unknown')
returning charge_id, installments`
	sqlChargeBack = `
update charges c set state = 'due' where c.org_id = app.org() and c.id = $1 and c.state = 'in_flight'
returning c.member_id, c.amount, coalesce(
  (select app.not_owed(c.kind, c.period, m) from memberships m where m.org_id = c.org_id and m.id = c.membership_id for share), false)`
	// sqlBlockCard: a card that will not work again is tried for none of the payer's charges (claim finds no method).
	sqlBlockCard = `
update payment_methods set status = 'blocked', is_default = false where org_id = app.org() and status = 'active'
  and id = (select payment_method_id from payment_attempts where org_id = app.org() and id = $1)`
	// sqlClass reads both of the switch's tables, for nothing says which one a terminal uses: of two readings the more careful one
	// (docs/decisions/030).
	sqlClass = `
select class from result_codes where provider = 'cardcom' and code = $1
order by array_position(array['unknown', 'duplicate', 'hard_decline', 'payer_action', 'terms_not_allowed', 'invalid_request', 'soft_decline', 'config_error', 'transient'], class)
limit 1`
	sqlOpenCase = `
insert into money_cases (org_id, kind, attempt_id, detail) values (app.org(), $1, $2, $3)
on conflict (org_id, kind, attempt_id) where state = 'open' do nothing`
)

// decline settles an attempt as refused and decides what happens next (R43–R46), all in one transaction.
func (s *Collector) decline(ctx context.Context, c tenancy.Caller, a id.Attempt, o payment.Outcome) error {
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		class, known, err := classify(ctx, tx, o)
		if err != nil {
			return err
		}
		if class == payment.Ambiguous || class == payment.Duplicate || class == classApproved {
			return s.unknownInTx(ctx, tx, a, o, class)
		}
		state := "declined"
		if class == payment.Transient || class == payment.ConfigError || class == payment.InvalidRequest {
			state = "failed" // nothing reached the issuer: no rung is used up
		}
		var refused refusal
		err = tx.QueryRow(ctx, sqlDecline, a, state, string(class), o.Code).Scan(&refused.Charge, &refused.Installments)
		if postgres.NoRows(err) {
			return queue.Done(ctx, tx) // settled by somebody else in the meantime
		}
		if err != nil {
			return err
		}
		refused.Attempt, refused.Class, refused.Code, refused.Known = a, class, o.Code, known
		var isCancelled bool // meanwhile: nobody is dunned for what is no longer owed
		if err := tx.QueryRow(ctx, sqlChargeBack, refused.Charge).Scan(&refused.Member, &refused.Amount, &isCancelled); err != nil {
			return fail.Wrap(err, "take charge %s back from flight", refused.Charge)
		}
		if class == payment.HardDecline {
			if _, err := tx.Exec(ctx, sqlBlockCard, a); err != nil {
				return err
			}
		}
		if isCancelled {
			_, err = tx.Exec(ctx, sqlVoidCharge, refused.Charge, voidCancellation)
		} else {
			err = s.afterRefusal(ctx, tx, refused)
		}
		if err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
}

// classify reads the code's class from the table; a code that is not in it is a soft decline, once, with a case (R43).
func classify(ctx context.Context, tx postgres.Tx, o payment.Outcome) (class payment.Class, known bool, err error) {
	if o.Class != "" {
		return o.Class, o.Class != payment.ProviderRefusal, nil
	}
	var text string
	err = tx.QueryRow(ctx, sqlClass, o.Code).Scan(&text)
	if postgres.NoRows(err) {
		return payment.SoftDecline, false, nil
	}
	return payment.Class(text), true, err
}

const sqlUnknown = `
with a as (
  update payment_attempts set state = 'unknown', code = $2, unknown_at = app.business_now(), next_lookup_at = app.business_now()
  where org_id = app.org() and id = $1 and state in ('claimed', 'sent')
  returning id
)
select exists (select from a)`

// unknown notes that nothing readable came back. Nothing is sent again; the first look-up is asked for at once.
func (s *Collector) unknown(ctx context.Context, c tenancy.Caller, a id.Attempt, o payment.Outcome) error {
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error { return s.unknownInTx(ctx, tx, a, o, o.Class) })
}

func (s *Collector) unknownInTx(ctx context.Context, tx postgres.Tx, a id.Attempt, o payment.Outcome, class payment.Class) error {
	var changed bool
	if err := tx.QueryRow(ctx, sqlUnknown, a, o.Code).Scan(&changed); err != nil {
		return err
	}
	if kind := caseKind(o, class); kind != "" {
		if _, err := tx.Exec(ctx, sqlOpenCase, kind, a, "the provider answered "+o.Code+" ("+string(class)+")"); err != nil {
			return err
		}
	}
	if changed {
		if err := enqueueLookup(ctx, tx, a, 0); err != nil {
			return err
		}
	}
	return queue.Done(ctx, tx)
}

// classApproved is the table's class of codes that approve. As the answer to a charge that moved no money (700, 701: a
// check) it contradicts itself, so the provider is asked.
const classApproved payment.Class = "approved"

// codePartial is approval of a part of the amount; never paid, always a human's question (R43).
const codePartial = "010"

// caseKind is the question that an answer leaves when it says that something happened, and not what was asked for. While it is open,
// no look-up that finds nothing settles the attempt.
func caseKind(o payment.Outcome, class payment.Class) string {
	switch {
	case o.Code == codePartial:
		return "partial_approval"
	case o.Code == "amount_mismatch", o.Code == "not_ours":
		return "amount_mismatch"
	case class == payment.Duplicate, class == classApproved:
		return "provider_duplicate"
	}
	return ""
}
