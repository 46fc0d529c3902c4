// Command socket-realtime-disconnect forgets a WebSocket that has ended.
package main

import (
	"fitkit/shared/postgres"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimesocket"
	"fitkit/shared/run"
	"fitkit/shared/socket"
)

func main() {
	app := run.Start(realtimesocket.DisconnectOp)
	socket.Serve(app, realtimesocket.Disconnect(realtime.NewStore(postgres.From(app))))
}
