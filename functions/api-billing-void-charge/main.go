// Command api-billing-void-charge serves POST /v1/charges/{id}/void: a charge that nobody has paid is taken back.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.VoidChargeOp)
	api.Serve(app, billingapi.VoidCharge(billing.NewStore(postgres.From(app))))
}
