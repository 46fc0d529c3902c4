// Command cron-billing-prove-days runs on a schedule; see billingcron.ProveDaysOp.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/cron"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingcron.ProveDaysOp)
	cron.Serve(app, billingcron.ProveDays(billing.NewSweeper(outbox.System(app), outbox.Postgres(app))))
}
