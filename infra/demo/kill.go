package main

import (
	"context"
	"time"
)

// victims are the functions whose processes are killed with -9 at random moments, beside the crash points that the
// binaries of a run with faults carry.
var victims = []string{"job-billing-execute-charge", "job-billing-resolve-unknown", "job-billing-process-inbox-event", "job-billing-run-dunning-step"}

// Kills come in bursts. Without the rests a job that takes longer than the pause between two kills would die at every
// receive, and one that is received five times in vain waits half an hour for the relay, as it should.
const (
	killEvery = 400 * time.Millisecond
	burst     = 20 // kills, then as long a rest
)

// killing kills until stop is called.
func (d *demo) killing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; pause(ctx, killEvery) == nil; i++ {
			if i/burst%2 == 1 {
				continue
			}
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
