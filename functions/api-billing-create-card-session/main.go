// Command api-billing-create-card-session serves POST /v1/card-sessions: the hosted page on which a member saves a card.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.CreateCardSessionOp)
	api.Serve(app, billingapi.CreateCardSession(billing.CollectorFrom(app, postgres.From(app)), billing.PagesFrom(app)))
}
