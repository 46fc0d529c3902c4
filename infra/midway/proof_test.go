package midway

import (
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/civil"
	"fitkit/shared/cron"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
)

// proofFlows are the proof of days, and a person's end of what it asks.
var proofFlows = map[string][]flow{
	"api-billing-close-case": {write(billingapi.CloseCaseOp,
		func(w *world, app *run.App) api.Endpoint { return billingapi.CloseCase(billing.NewStore(w.db(app))) },
		func(w *world) asked {
			c := postgrestest.Get[id.Event](w.t, w.Database, `insert into money_cases (org_id, kind, attempt_id, detail)
				values ($1, 'unmapped_code', $2, 'test') returning id`, w.Org, w.unknown())
			return asked{path: c.String(), body: body{"org_id": w.Org, "reason": "the code is a new one"}}
		})},
	"cron-billing-prove-days": {schedule(billingcron.ProveDaysOp,
		func(w *world, app *run.App) cron.Handler { return billingcron.ProveDays(w.sweeper(app)) },
		func(w *world) any {
			w.Exec(w.t, "delete from day_proofs")
			w.Exec(w.t, "delete from jobs")
			w.day()
			return nil
		})},
	"job-billing-prove-day": {
		named("proven", work(billingjob.ProveDayOp, proving, func(w *world) (any, any) {
			w.day()
			return w.finished(), nil
		})),
		named("with a payment that the provider does not list", steps(`select p.state = 'differs' and p.tries = 1 and exists (select from money_cases k where k.day = p.day and k.state = 'open')
			from day_proofs p where p.day = $1::date`, work(billingjob.ProveDayOp, proving, func(w *world) (any, any) {
			w.day()
			clear(w.Provider.Booked)
			m := w.finished()
			return m, m.Day.String()
		}))),
	},
}

func proving(w *world, app *run.App) job.Handler { return billingjob.ProveDay(w.collector(app)) }

// day is one on which a charge was approved; now is the night after it.
func (w *world) day() {
	w.t.Helper()
	w.Provider.Answer = nil
	w.SetNow(w.t, billingtest.Start)
	w.Execute(w.t, w.Charge(w.t, w.Member(w.t), 24900))
	w.SetNow(w.t, billingtest.Start.Add(20*time.Hour))
}

// finished is that day, found and not yet tried.
func (w *world) finished() billing.ProveDay {
	w.t.Helper()
	day := civil.New(2026, 3, 1)
	w.Exec(w.t, "delete from money_cases")
	w.Exec(w.t, "delete from day_proofs")
	w.Exec(w.t, "insert into day_proofs (org_id, day) values ($1, $2)", w.Org, day)
	return billing.ProveDay{Day: day}
}
