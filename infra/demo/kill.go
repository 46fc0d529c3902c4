package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// victims are the functions whose processes are killed with -9 at random moments, beside the crash points that the
// binaries of a run with faults carry. No endpoint is among them: the demo is their client, and would have to ask again.
var victims = []string{
	"job-billing-execute-charge", "job-billing-resolve-unknown", "job-billing-process-inbox-event", "job-billing-run-dunning-step",
	"job-org-advance-test-clock", "hook-billing-cardcom", "cron-billing-plan-charges", "cron-job-relay",
}

// Kills come in bursts, with rests as long as a killed job's message takes to come back. Without them a job that is alone in
// its queue would die at every receive, and one that is received five times in vain waits half an hour for the relay, as it
// should.
const (
	killFor   = 8 * time.Second // shorter than the rest, or the same message could die in two bursts
	killRest  = faultVisibility
	killEvery = 1600 * time.Millisecond // of one function
	// lookEvery is how often one looks, in the mean, whether a victim is at work: a hook is for some milliseconds only.
	lookEvery = 30 * time.Millisecond
	// cronEvery is how often the crons among them come meanwhile: those of a month's beginning find nothing that is due.
	cronEvery = 2 * time.Second
)

// killing kills until stop is called. The crons among the victims run all the while, so that they die at work, beside the clock
// that finds the same work.
func (d *demo) killing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, victim := range victims {
		all.Go(func() { d.killOne(ctx, victim) })
	}
	all.Go(func() {
		for pause(ctx, cronEvery) == nil {
			for _, victim := range victims {
				if strings.HasPrefix(victim, "cron-") {
					_ = d.runCron(ctx, victim) // it comes again
				}
			}
		}
	})
	return func() {
		cancel()
		all.Wait()
	}
}

// killOne kills one function's processes and tells in the end how many. The looks are not regular, or one that is seldom at
// work would always die at the same moment of it.
func (d *demo) killOne(ctx context.Context, victim string) {
	kills, began := 0, time.Now()
	for wait := time.Duration(0); pause(ctx, wait) == nil; {
		wait = rand.N(2 * lookEvery)
		if time.Since(began)%(killFor+killRest) > killFor {
			continue
		}
		// 409 when none is busy at the moment.
		if post(ctx, d.at.API+"/_local/functions/"+victim+"/kill", map[string]any{}) == nil {
			d.kills.Add(1)
			kills++
			wait = killEvery
		}
	}
	say("  %d processes of %s were killed", kills, victim)
}
