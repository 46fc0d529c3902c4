// Command cron-billing-run-dunning runs on a schedule; see billingcron.RunDunningOp.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/cron"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingcron.RunDunningOp)
	cron.Serve(app, billingcron.RunDunning(billing.NewSweeper(outbox.System(app), outbox.Postgres(app))))
}
