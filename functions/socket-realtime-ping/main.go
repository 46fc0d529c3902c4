// Command socket-realtime-ping answers a WebSocket's "ping".
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
	app := run.Start(realtimesocket.PingOp)
	store := realtime.NewStore(postgres.From(app))
	socket.Serve(app, realtimesocket.Ping(store, realtime.NewPosts(store, management.From(app))))
}
