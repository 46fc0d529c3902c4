package main

import (
	"context"
	"errors"
	"os"
	"time"
)

// withParent ends ctx when the make that started us is gone: killed with -9 it could not tell us to stop, and nobody
// would know that FitKit still runs. Started from a shell we outlive it, as any program does.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := func() { cancel(nil) }
	if os.Getenv("MAKELEVEL") == "" {
		return ctx, done
	}
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		cancel(errors.New("make is gone"))
	}()
	return ctx, done
}
