// Command cron-billing-plan-charges runs on a schedule; see billingcron.PlanChargesOp.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/cron"
	"fitkit/shared/queue"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingcron.PlanChargesOp)
	cron.Serve(app, billingcron.PlanCharges(billing.NewSweeper(queue.SystemOutbox(app), queue.Outbox(app))))
}
