// Command socket-realtime-connect answers the handshake of a WebSocket: a ticket lets in.
package main

import (
	"fitkit/shared/config"
	"fitkit/shared/postgres"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimesocket"
	"fitkit/shared/run"
	"fitkit/shared/socket"
)

func main() {
	app := run.Start(realtimesocket.ConnectOp)
	socket.Serve(app, realtimesocket.Connect(realtime.NewStore(postgres.From(app)), run.Section[config.Origins](app).Allowed))
}
