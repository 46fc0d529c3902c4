// Command api-membership-preview-sale serves POST /v1/sales/preview: what a sale would cost, and when.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.PreviewSaleOp)
	api.Serve(app, membershipapi.PreviewSale(membership.NewStore(postgres.From(app))))
}
