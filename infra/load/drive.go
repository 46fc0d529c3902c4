package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// result is a run's figures.
type result struct {
	rate    int           // asked for, requests a second
	took    time.Duration // until the last answer
	latency map[string][]time.Duration
	errors  map[string][]error
}

// drive begins a request each time one is due, and answers when all are answered. A cancelled ctx ends it early.
func drive(ctx context.Context, s *studio, rate int, during time.Duration) *result {
	r := &result{rate: rate, latency: map[string][]time.Duration{}, errors: map[string][]error{}}
	var mu sync.Mutex
	var sent sync.WaitGroup
	began, apart := time.Now(), time.Second/time.Duration(rate)
	for n := 0; apart*time.Duration(n) < during; n++ {
		due, k := began.Add(apart*time.Duration(n)), pick()
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			sent.Wait()
			return r
		}
		sent.Go(func() {
			err := k.send(s, ctx, n)
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.errors[k.name] = append(r.errors[k.name], err)
				return
			}
			r.latency[k.name] = append(r.latency[k.name], took)
		})
	}
	sent.Wait()
	r.took = max(time.Since(began), during)
	return r
}

// heldPart is how much of the rate must be answered in time: what is under way at the end takes a moment longer.
const heldPart = 0.98

func (r *result) print(w io.Writer) {
	fmt.Fprintf(w, "\n  %-18s %9s %9s %9s %9s %7s\n", "", "requests", "p50 ms", "p95 ms", "p99 ms", "errors")
	var all []time.Duration
	failed := 0
	for _, k := range mix {
		row(w, k.name, r.latency[k.name], len(r.errors[k.name]))
		all, failed = append(all, r.latency[k.name]...), failed+len(r.errors[k.name])
	}
	row(w, "all", all, failed)
	fmt.Fprintf(w, "\n  %.1f of %d requests a second were answered, over %s\n", r.held(), r.rate, r.took.Round(time.Second))
}

func row(w io.Writer, name string, latency []time.Duration, failed int) {
	slices.Sort(latency)
	fmt.Fprintf(w, "  %-18s %9d %9.1f %9.1f %9.1f %7d\n", name, len(latency)+failed,
		millis(percentile(latency, 50)), millis(percentile(latency, 95)), millis(percentile(latency, 99)), failed)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percentile is the smallest value that p in a hundred of the sorted values do not exceed; 0 of nothing.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*p+99)/100-1]
}

// held is how many requests a second were answered as they should.
func (r *result) held() float64 {
	n := 0
	for _, l := range r.latency {
		n += len(l)
	}
	return float64(n) / r.took.Seconds()
}

// verdict is nil when there was no error and the rate was held.
func (r *result) verdict() error {
	var failed []error
	for _, k := range mix {
		if errs := r.errors[k.name]; len(errs) > 0 {
			failed = append(failed, fmt.Errorf("%s failed %d times, such as: %w", k.name, len(errs), errs[0]))
		}
	}
	if held := r.held(); held < heldPart*float64(r.rate) {
		failed = append(failed, fmt.Errorf("only %.1f of %d requests a second were answered; try a smaller RATE on this machine", held, r.rate))
	}
	return errors.Join(failed...)
}
