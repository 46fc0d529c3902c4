package realtimesocket

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/socket"
	"fitkit/shared/tenancy"
)

// DefaultOp declares the route of messages that name no action, or none that there is; without it the client would be told
// "Forbidden" and no more.
var DefaultOp = socket.Op{
	Name: "socket-realtime-default", Summary: "Say that there is no such action", Route: socket.RouteDefault,
	Errors: []*fail.Error{socket.ErrMessage, socket.ErrAction},
	Needs:  []need.Need{need.Postgres, need.Connections},
}

// Default refuses the message.
func Default(to socket.Poster) socket.Handler {
	return socket.Message(DefaultOp, to, func(context.Context, tenancy.Caller, struct{}) (any, error) {
		return nil, socket.ErrAction
	})
}
