// Command socket-realtime-default answers messages of a WebSocket that name no action there is.
package main

import (
	"fitkit/shared/management"
	"fitkit/shared/postgres"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimesocket"
	"fitkit/shared/run"
	"fitkit/shared/socket"
)

func main() {
	app := run.Start(realtimesocket.DefaultOp)
	socket.Serve(app, realtimesocket.Default(realtime.NewPosts(realtime.NewStore(postgres.From(app)), management.From(app))))
}
