// Package realtimesocket is the routes of the WebSocket API.
package realtimesocket

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/realtime"
	"fitkit/shared/socket"
)

// Opener is what Connect needs.
type Opener interface {
	Open(ctx context.Context, ticket, connection string) error
}

// ConnectOp declares the route of the handshake.
var ConnectOp = socket.Op{
	Name: "socket-realtime-connect", Summary: "Let in who comes with a ticket, from a site of the list", Route: socket.RouteConnect,
	Errors: []*fail.Error{socket.ErrOrigin, realtime.ErrTicket},
	Needs:  []need.Need{need.Postgres, need.Origins},
}

// Connect opens a connection for a ticket.
func Connect(connections Opener, origins []string) socket.Handler {
	return socket.Connect(ConnectOp, origins, func(ctx context.Context, h socket.Handshake) error {
		return connections.Open(ctx, h.Ticket, h.Connection)
	})
}
