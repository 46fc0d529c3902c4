package midway

import (
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
)

// What a charge's truth is when all has settled, with the provider's ledger beside it.
const (
	paidOnce = `select (select state from charges where id = $1) = 'paid' and (select count(*) from payment_attempts where charge_id = $1 and state = 'approved') = 1
		and (select count(*) from payments p join payment_attempts a on a.id = p.attempt_id where a.charge_id = $1) = 1`
	// An answer that was lost with its statement is asked for again. The provider has nothing, so the charge is due once more.
	notTaken = `select (select state from charges where id = $1) = 'due'
					and not exists (select from payment_attempts where charge_id = $1 and state not in ('declined', 'failed'))`
)

// chargeFlows collect: claim, provider, record. What is cut short between them is settled by the schedules and a look-up.
var chargeFlows = map[string][]flow{
	"job-billing-execute-charge": {
		named("approved", collect(payment.Outcome{State: payment.Paid, Code: "000"}, paidOnce)),
		named("declined", collect(payment.Outcome{State: payment.Declined, Code: "004"}, notTaken)),
		named("declined by a code that is in no table", collect(payment.Outcome{State: payment.Declined, Code: "399"}, notTaken)),
		named("refused for the terminal", collect(payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "603"}, notTaken)),
		named("captured without an answer", settledBy((*world).janitor, collect(payment.Outcome{State: payment.Unknown, Code: "no_answer"}, paidOnce))),
		named("declined for good", collect(payment.Outcome{State: payment.Declined, Code: "002"}, notTaken)),
		named("refused for its instalments", collect(payment.Outcome{State: payment.Declined, Code: "139"}, notTaken)),
		named("before its rung", reads("the charge waits for a later day", work(billingjob.ExecuteChargeOp, executing, func(w *world) (any, any) {
			c := w.Charge(w.t, w.Member(w.t), 24900)
			w.Exec(w.t, `insert into dunning_cases (org_id, id, charge_id, member_id, reason, opened_at, next_at)
					select org_id, app.uuidv7(), id, member_id, 'test', due_at, due_at + interval '1 day' from charges where id = $1`, c)
			return billing.ExecuteCharge{ChargeID: c}, nil
		}))),
		named("of a card that was tried too often", work(billingjob.ExecuteChargeOp, executing, func(w *world) (any, any) {
			m := w.declined()
			w.Exec(w.t, `insert into payment_attempts (org_id, id, charge_id, n, gateway_id, payment_method_id, amount,
					installments, provider_key, lease_until, business_at, terminal, state, sent_at, settled_at)
				select a.org_id, app.uuidv7(), a.charge_id, a.n + g, a.gateway_id, a.payment_method_id, a.amount,
					1, a.provider_key || g, now(), a.business_at, a.terminal, 'declined', now(), now()
				from payment_attempts a join charges c on c.id = a.charge_id, generate_series(1, 4) g where c.member_id = $1`, m)
			return billing.ExecuteCharge{ChargeID: w.Charge(w.t, m, 24900)}, nil
		})),
		named("without a card", work(billingjob.ExecuteChargeOp, executing, func(w *world) (any, any) {
			m := w.Member(w.t)
			w.Exec(w.t, "update payment_methods set status = 'removed', is_default = false, token_ct = '', key_id = '', removed_at = now() where member_id = $1", m)
			return billing.ExecuteCharge{ChargeID: w.Charge(w.t, m, 24900)}, nil
		})),
		named("of a membership that has been cancelled", work(billingjob.ExecuteChargeOp, executing, func(w *world) (any, any) {
			ms := w.Membership(w.t, w.Member(w.t), billingtest.Start, 24900)
			must[int64](w)(w.Collector.PlanOrg(w.t.Context(), w.Caller))
			c := postgrestest.Get[id.Charge](w.t, w.Database, "select id from charges where membership_id = $1", ms)
			w.Exec(w.t, "alter table memberships disable trigger user")
			w.Exec(w.t, "update memberships set cancel_notice_at = now(), cancel_effective_on = start_on, next_charge_at = null where id = $1", ms)
			w.Exec(w.t, "alter table memberships enable trigger user")
			return billing.ExecuteCharge{ChargeID: c}, nil
		})),
	},
	"job-billing-resolve-unknown": {
		named("found", steps(`select `+attemptIs("approved"), resolve(func(w *world) id.Attempt { w.Provider.Capture = true; return w.unknown() }))),
		named("not found yet", resolve(func(w *world) id.Attempt { w.Provider.Capture = false; return w.unknown() })),
		named("another sum", resolve(func(w *world) id.Attempt {
			w.Provider.Capture = false
			a := w.unknown()
			w.Provider.LookupBy = func(key string) (payment.Outcome, bool) {
				return payment.Outcome{State: payment.Paid, Code: "000", ProviderTxn: key, Amount: 100}, true
			}
			return a
		})),
		named("never happened", steps(`select `+attemptIs("declined")+` or `+attemptIs("failed"), resolve(func(w *world) id.Attempt {
			w.Provider.Capture = false
			a := w.unknown()
			w.Exec(w.t, "update payment_attempts set unknown_at = unknown_at - interval '25 hours', sent_at = sent_at - interval '25 hours' where id = $1", a)
			return a
		}))),
	},
}

func attemptIs(state string) string {
	return `exists (select from payment_attempts where id = $1 and state = '` + state + `')`
}

func executing(w *world, app *run.App) job.Handler { return billingjob.ExecuteCharge(w.collector(app)) }

// collect is a charge whose provider answers o. A statement that fails after the answer loses it, so the schedules have to settle.
func collect(o payment.Outcome, done string) flow {
	return settledBy((*world).janitor, steps(done, work(billingjob.ExecuteChargeOp, executing, func(w *world) (any, any) {
		w.open()
		w.Provider.Answer, w.Provider.Capture = func(payment.ChargeRequest) payment.Outcome { return o }, true
		c := w.Charge(w.t, w.Member(w.t), 24900)
		return billing.ExecuteCharge{ChargeID: c}, c
	})))
}

func resolve(arrange func(w *world) id.Attempt) flow {
	return work(billingjob.ResolveUnknownOp, func(w *world, app *run.App) job.Handler { return billingjob.ResolveUnknown(w.collector(app)) },
		func(w *world) (any, any) { a := arrange(w); return billing.ResolveUnknown{AttemptID: a}, a })
}

// open undoes what a misconfigured terminal did to the studio.
func (w *world) open() {
	w.Exec(w.t, "update gateways set state = 'active'")
	w.Exec(w.t, "update orgs set charges_paused_at = null, charges_paused_why = null")
}

// unknown is an attempt whose answer was lost.
func (w *world) unknown() id.Attempt {
	w.t.Helper()
	w.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Code: "no_answer"}
	}
	c := w.Charge(w.t, w.Member(w.t), 24900)
	w.Execute(w.t, c)
	return postgrestest.Get[id.Attempt](w.t, w.Database, "select id from payment_attempts where charge_id = $1", c)
}

// dead is what a worker leaves that died while the provider was asked: an attempt that was sent, and whose lease is over.
func (w *world) dead() {
	w.t.Helper()
	w.Exec(w.t, `with c as (update charges set state = 'in_flight' where id = $1 returning *)
		insert into payment_attempts (org_id, id, charge_id, n, gateway_id, payment_method_id, amount, installments, provider_key,
			lease_until, business_at, terminal, state, sent_at)
		select c.org_id, app.uuidv7(), c.id, 1, p.gateway_id, p.id, c.amount, 1, 'fk-' || c.id, now() - interval '1 second', c.due_at, p.terminal, 'sent', now()
		from c join payment_methods p on p.member_id = c.member_id`, w.Charge(w.t, w.Member(w.t), 24900))
}

// declined is a member whose charge was refused: a case of dunning is open.
func (w *world) declined() id.Member {
	w.t.Helper()
	w.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Declined, Code: "004"}
	}
	m := w.Member(w.t)
	w.Execute(w.t, w.Charge(w.t, m, 24900))
	w.Provider.Answer = nil
	return m
}

// janitor is what the schedules do in a day: leases have run out, the sweep finds what has no answer, and each is looked up, at
// once and after the last of the look-ups.
func (w *world) janitor() {
	w.t.Helper()
	w.Exec(w.t, "update payment_attempts set lease_until = now() - interval '1 second' where state in ('claimed', 'sent')")
	sweeper := billing.NewSweeper(w.System, w.DB)
	for range 2 {
		must[int64](w)(sweeper.Sweep(w.t.Context()))
		open := postgrestest.Get[[]string](w.t, w.Database, "select coalesce(array_agg(id::text), '{}') from payment_attempts where state = 'unknown'")
		if len(open) == 0 {
			return
		}
		for _, text := range open {
			a := must[id.Attempt](w)(id.Parse[id.Attempt](text))
			must[bool](w)(true, w.Collector.Resolve(w.t.Context(), w.Caller, billing.ResolveUnknown{AttemptID: a}))
		}
		w.SetNow(w.t, postgrestest.Get[time.Time](w.t, w.Database, "select test_now from orgs where id = $1", w.Org).Add(25*time.Hour))
	}
}
