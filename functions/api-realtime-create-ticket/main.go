// Command api-realtime-create-ticket serves POST /v1/realtime/tickets: whoever is signed in takes a ticket for a WebSocket.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/config"
	"fitkit/shared/postgres"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimeapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(realtimeapi.CreateTicketOp)
	api.Serve(app, realtimeapi.CreateTicket(realtime.NewStore(postgres.From(app)), run.Section[config.Realtime](app).URL))
}
