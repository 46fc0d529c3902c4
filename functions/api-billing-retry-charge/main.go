// Command api-billing-retry-charge serves POST /v1/charges/{id}/retry: an unpaid charge is tried now.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.RetryChargeOp)
	api.Serve(app, billingapi.RetryCharge(billing.NewStore(outbox.Postgres(app))))
}
