// Command api-billing-get-billing-proof serves GET /v1/billing/proof: that a day was collected exactly once.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.GetBillingProofOp)
	api.Serve(app, billingapi.GetBillingProof(billing.CollectorFrom(app, postgres.From(app))))
}
