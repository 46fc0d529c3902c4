// Command api-membership-sell serves POST /v1/sales: a member buys a plan, and what is due at once is charged.
package main

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/obs/posthog"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.SellOp)
	posthog.Start(app)
	db := outbox.Postgres(app)
	api.Serve(app, membershipapi.Sell(membership.NewSales(db, charger{billing.NewStore(db)})))
}

// charger lets a sale make its charge in its own transaction: the two domains meet here and nowhere else.
type charger struct{ *billing.Store }

func (c charger) CreateInTx(ctx context.Context, tx postgres.Tx, n membership.NewCharge) (id.Charge, error) {
	return c.Store.CreateInTx(ctx, tx, billing.NewCharge(n))
}
