// Command api-billing-remove-payment-method serves DELETE /v1/payment-methods/{id}: a saved card is removed and its token forgotten.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.RemovePaymentMethodOp)
	api.Serve(app, billingapi.RemovePaymentMethod(billing.NewStore(outbox.Postgres(app))))
}
