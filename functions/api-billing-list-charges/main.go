// Command api-billing-list-charges serves GET /v1/charges: charges by member, state and due day.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.ListChargesOp)
	api.Serve(app, billingapi.ListCharges(billing.NewStore(postgres.From(app))))
}
