package realtimesocket

import (
	"context"

	"fitkit/shared/need"
	"fitkit/shared/socket"
)

// Closer is what Disconnect needs.
type Closer interface {
	Close(ctx context.Context, connection string) error
}

// DisconnectOp declares the route of a connection's end. It does not always come; the schedule finds what it missed.
var DisconnectOp = socket.Op{
	Name: "socket-realtime-disconnect", Summary: "Forget a connection that has ended", Route: socket.RouteDisconnect,
	Needs: []need.Need{need.Postgres},
}

// Disconnect forgets the connection. A second time it is forgotten already.
func Disconnect(connections Closer) socket.Handler {
	return socket.Disconnect(DisconnectOp, func(ctx context.Context, connection string) error {
		return connections.Close(ctx, connection)
	})
}
