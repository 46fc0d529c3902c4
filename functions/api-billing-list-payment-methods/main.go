// Command api-billing-list-payment-methods serves GET /v1/payment-methods: a member's saved cards, masked.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.ListPaymentMethodsOp)
	api.Serve(app, billingapi.ListPaymentMethods(billing.NewStore(postgres.From(app))))
}
