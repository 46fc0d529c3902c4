// Command api-billing-list-arrears serves GET /v1/arrears: what is overdue, how old it is and what happens next.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.ListArrearsOp)
	api.Serve(app, billingapi.ListArrears(billing.NewStore(postgres.From(app))))
}
