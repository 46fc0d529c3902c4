// Command api-billing-settle-attempt serves POST /v1/admin/attempts/{id}/settle: a person says what became of a charge.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.SettleAttemptOp)
	api.Serve(app, billingapi.SettleAttempt(billing.CollectorFrom(app, outbox.Postgres(app))))
}
