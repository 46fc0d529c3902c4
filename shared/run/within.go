package run

import (
	"context"
	"math"
	"time"
)

// Margin is what a function keeps of its time to answer in, to give work back and to log: nothing outside holds it up longer.
const Margin = 2 * time.Second

// Within is ctx for a handler: it ends Margin before Lambda's deadline. Where fault runs cut time limits to a few seconds, a
// quarter of them is kept.
func Within(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(Margin, time.Until(deadline)/4)))
}

// Left is how much time ctx leaves; without a deadline, all there is.
func Left(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return math.MaxInt64
}
