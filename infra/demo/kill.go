package main

import (
	"context"
	"time"
)

// victims are the functions whose processes are killed with -9 at random moments, beside the crash points that the
// binaries of a run with faults carry.
var victims = []string{"job-billing-execute-charge", "job-billing-resolve-unknown", "job-billing-process-inbox-event", "job-billing-run-dunning-step"}

const killEvery = 400 * time.Millisecond

// killing kills until stop is called.
func (d *demo) killing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; pause(ctx, killEvery) == nil; i++ {
			// 409 when none is busy at the moment: the next round finds another.
			if post(ctx, d.at.API+"/_local/functions/"+victims[i%len(victims)]+"/kill", map[string]any{}) == nil {
				d.kills.Add(1)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
