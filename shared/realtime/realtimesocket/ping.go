package realtimesocket

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/realtime"
	"fitkit/shared/socket"
	"fitkit/shared/tenancy"
)

// Seer is what Ping needs.
type Seer interface {
	See(ctx context.Context, c tenancy.Caller) error
}

// PingOp declares the action "ping". Clients send it every five minutes: API Gateway ends what is quiet for ten, and the
// schedule what missed three.
var PingOp = socket.Op{
	Name: "socket-realtime-ping", Summary: `Answer {"type":"pong"} and note that the connection lives`, Route: "ping",
	Errors: []*fail.Error{socket.ErrMessage, realtime.ErrOver},
	Needs:  []need.Need{need.Postgres, need.Connections},
}

type pingMessage struct {
	Action string `json:"action"`
}

type pong struct {
	Type string `json:"type"`
}

// Ping answers a ping. A second one is answered again.
func Ping(connections Seer, to socket.Poster) socket.Handler {
	return socket.Message(PingOp, to, func(ctx context.Context, c tenancy.Caller, _ pingMessage) (any, error) {
		if err := connections.See(ctx, c); err != nil {
			return nil, err
		}
		return pong{"pong"}, nil
	})
}
