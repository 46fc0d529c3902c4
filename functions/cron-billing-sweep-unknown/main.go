// Command cron-billing-sweep-unknown runs on a schedule; see billingcron.SweepUnknownOp.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/cron"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingcron.SweepUnknownOp)
	cron.Serve(app, billingcron.SweepUnknown(billing.NewSweeper(outbox.System(app), outbox.Postgres(app))))
}
