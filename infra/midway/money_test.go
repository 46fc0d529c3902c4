package midway

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
)

// moneyFlows are what people write about money. Those that call the provider commit in steps.
var moneyFlows = map[string][]flow{
	"api-billing-connect-gateway": {steps(`select exists (select from gateways where state = 'active')
					and exists (select from orgs o where o.charges_paused_at is null and o.test_mode)
			and exists (select from charges c join jobs j on j.payload->>'charge_id' = c.id::text
					join audit_log a on a.action = 'gateway.connected' and a.at >= c.created_at where c.id = $1)`,
		write(billingapi.ConnectGatewayOp, func(w *world, app *run.App) api.Endpoint { return billingapi.ConnectGateway(w.collector(app)) },
			func(w *world) asked {
				w.Exec(w.t, "update orgs set charges_paused_at = now(), charges_paused_why = 'gateway'")
				w.Exec(w.t, "update gateways set state = 'misconfigured'")
				c := w.Charge(w.t, w.Member(w.t), 24900)
				return asked{path: "cardcom", subject: c,
					body: body{"terminal_number": billingtest.Terminal, "api_name": billingtest.APIName, "api_password": billingtest.APIPassword, "mode": "test"}}
			}))},
	"api-billing-create-card-session": {steps(`select exists (select from card_sessions where member_id = $1 and state = 'open' and provider_ref is not null)`,
		write(billingapi.CreateCardSessionOp, func(w *world, app *run.App) api.Endpoint {
			return billingapi.CreateCardSession(w.collector(app), billing.Pages{AppURL: "https://app.example", APIURL: "https://api.example"})
		}, func(w *world) asked {
			m := w.Member(w.t)
			return asked{subject: m, body: body{"member_id": m}}
		}))},
	"api-billing-create-charge": {write(billingapi.CreateChargeOp,
		func(w *world, app *run.App) api.Endpoint { return billingapi.CreateCharge(billing.NewStore(w.db(app))) },
		func(w *world) asked {
			return asked{body: body{"member_id": w.Member(w.t), "kind": "one_off", "amount_agorot": 9900, "description": "towel"}}
		})},
	"api-billing-retry-charge": {write(billingapi.RetryChargeOp,
		func(w *world, app *run.App) api.Endpoint { return billingapi.RetryCharge(billing.NewStore(w.db(app))) },
		func(w *world) asked {
			c := w.Charge(w.t, w.Member(w.t), 24900)
			w.Exec(w.t, "update charges set state = 'failed' where id = $1", c)
			return asked{path: c.String()}
		})},
	"api-billing-void-charge": {write(billingapi.VoidChargeOp, func(w *world, app *run.App) api.Endpoint { return billingapi.VoidCharge(billing.NewStore(w.db(app))) },
		func(w *world) asked {
			return asked{path: w.Charge(w.t, w.Member(w.t), 24900).String(), body: body{"reason": "a mistake"}}
		})},
	"api-billing-remove-payment-method": {
		named("the only one", write(billingapi.RemovePaymentMethodOp, removing, func(w *world) asked {
			return asked{path: postgrestest.Get[id.PaymentMethod](w.t, w.Database, "select id from payment_methods where member_id = $1", w.Member(w.t)).String()}
		})),
		named("with an heir, and a charge that waits", write(billingapi.RemovePaymentMethodOp, removing, func(w *world) asked {
			m := w.declined()
			w.Exec(w.t, "update dunning_cases set state = 'waiting_method' where member_id = $1", m)
			return asked{path: postgrestest.Get[id.PaymentMethod](w.t, w.Database, `
				with heir as (insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id,
					last4, exp_month, exp_year, is_default)
				select org_id, app.uuidv7(), member_id, gateway_id, token_ct, key_id, '9999', 12, 2031, false from payment_methods where member_id = $1)
				select id from payment_methods where member_id = $1`, m).String()}
		})),
	},
	"api-billing-settle-attempt": {
		named("it was captured", steps(settled("approved", "paid"), write(billingapi.SettleAttemptOp, settling, func(w *world) asked {
			a := w.question()
			return asked{path: a.String(), subject: a, body: body{"org_id": w.Org, "captured": true, "provider_txn": "T" + a.String(), "reason": "the list has it"}}
		}))),
		named("it was not", steps(settled("failed", "due"), write(billingapi.SettleAttemptOp, settling, func(w *world) asked {
			a := w.question()
			return asked{path: a.String(), subject: a, body: body{"org_id": w.Org, "captured": false, "reason": "the list has it not"}}
		}))),
	},
	"api-membership-sell": {
		named("paid at once", write(membershipapi.SellOp, selling, func(w *world) asked {
			return asked{body: body{"member_id": w.Member(w.t), "plan_id": w.published(), "price_agorot": 60000}}
		})),
		named("paid by the month", write(membershipapi.SellOp, selling, func(w *world) asked {
			return asked{body: body{"member_id": w.Member(w.t), "plan_id": w.monthly(), "price_agorot": 24900}}
		})),
	},
}

func removing(w *world, app *run.App) api.Endpoint {
	return billingapi.RemovePaymentMethod(billing.NewStore(w.db(app)))
}

func selling(w *world, app *run.App) api.Endpoint {
	db := w.db(app)
	return membershipapi.Sell(membership.NewSales(db, charger{billing.NewStore(db)}))
}

func settling(w *world, app *run.App) api.Endpoint { return billingapi.SettleAttempt(w.collector(app)) }

// settled is the truth after a person's word: written into the trail once, whatever failed in between.
func settled(attempt, charge string) string {
	return `select exists (select from payment_attempts a join charges c on c.id = a.charge_id
					where a.id = $1 and a.state = '` + attempt + `' and c.state = '` + charge + `')
		and not exists (select from money_cases where attempt_id = $1 and state = 'open')
		and (select count(*) from audit_log where action = 'attempt.settled' and object_id = $1) = 1`
}

// question is an attempt that only a person can settle.
func (w *world) question() id.Attempt {
	w.t.Helper()
	w.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Code: "no_answer"}
	}
	c := w.Charge(w.t, w.Member(w.t), 24900)
	w.Execute(w.t, c)
	return postgrestest.Get[id.Attempt](w.t, w.Database, `with a as (update payment_attempts set next_lookup_at = null
					where charge_id = $1 and state = 'unknown' returning org_id, id)
		insert into money_cases (org_id, kind, attempt_id, detail) select org_id, 'unknown_attempt', id, 'test' from a returning attempt_id`, c)
}

// charger joins a sale and its charge, as the function does.
type charger struct{ store *billing.Store }

func (c charger) CreateInTx(ctx context.Context, tx postgres.Tx, n membership.NewCharge) (id.Charge, error) {
	return c.store.CreateInTx(ctx, tx, billing.NewCharge(n))
}

func (c charger) PlanInTx(ctx context.Context, tx postgres.Tx, sold id.Membership) error {
	return c.store.PlanInTx(ctx, tx, sold)
}
