// Command hook-billing-cardcom serves POST /v1/hooks/cardcom/{token}: Cardcom tells that a hosted page was used.
package main

import (
	"fitkit/shared/billing"
	"fitkit/shared/billing/billinghook"
	"fitkit/shared/hook"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(billinghook.CardcomOp)
	hook.Serve(app, billinghook.Cardcom(billing.NewStore(outbox.Postgres(app))))
}
