// Command api-billing-connect-gateway serves PUT /v1/gateways/{provider}: a studio connects its own terminal.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/obs/posthog"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billingapi.ConnectGatewayOp)
	posthog.Start(app)
	api.Serve(app, billingapi.ConnectGateway(billing.CollectorFrom(app, outbox.Postgres(app))))
}
