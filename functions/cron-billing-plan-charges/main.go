// Command cron-billing-plan-charges runs on a schedule; see billingcron.PlanChargesOp.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/cron"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingcron.PlanChargesOp)
	cron.Serve(app, billingcron.PlanCharges(billing.NewSweeper(outbox.System(app), outbox.Postgres(app))))
}
