package obs

import (
	"context"
	"errors"
	"runtime/debug"
)

var errPanic = errors.New("panic")

// Panicked is the error of whatever has just panicked; the event keeps the stack. What was panicked with is not kept: it may hold
// what somebody typed. It is called by the deferred function that recovers.
func Panicked(ctx context.Context) error {
	Add(ctx, "stack", string(debug.Stack()))
	return errPanic
}
