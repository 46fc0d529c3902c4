// Command api-billing-create-charge serves POST /v1/charges: a member is charged for something beside their membership.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.CreateChargeOp)
	api.Serve(app, billingapi.CreateCharge(billing.NewStore(outbox.Postgres(app))))
}
