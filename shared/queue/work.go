package queue

import (
	"context"

	"fitkit/shared/tenancy"
)

// Work is one message of several of an organisation that are worked on together.
type Work[M any] struct {
	Ctx     context.Context // the message's own: its event, its job, the time that is left
	Caller  tenancy.Caller
	Message M
	Err     error // what became of it, for the edge
}
