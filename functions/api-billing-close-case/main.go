// Command api-billing-close-case serves POST /v1/admin/cases/{id}/close: a person has answered a question about money.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.CloseCaseOp)
	api.Serve(app, billingapi.CloseCase(billing.NewStore(postgres.From(app))))
}
