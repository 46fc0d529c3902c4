package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// webhookMode is how often the webhook of a page goes out.
type webhookMode string

const (
	webhookOnce  webhookMode = "once"
	webhookTwice webhookMode = "twice"
	webhookLate  webhookMode = "late"
	webhookNever webhookMode = "never"
)

var webhookModes = []webhookMode{webhookOnce, webhookTwice, webhookLate, webhookNever}

// retries is the vendor's schedule: the time before each further try when the merchant did not
// answer 200.
var retries = []time.Duration{
	time.Minute, 2 * time.Minute, 2 * time.Minute, 16 * time.Minute, time.Hour, 12 * time.Hour, 12 * time.Hour,
}

// maxDeliveries bounds the log of deliveries kept for display.
const maxDeliveries = 10_000

// webhookOptions say when webhooks go out and how the modes are mixed.
type webhookOptions struct {
	Delay          time.Duration       // from payment to the first try
	Late           time.Duration       // added in mode late
	RetryScale     float64             // factor on retries
	Mix            map[webhookMode]int // weights; none means always once
	Seed           uint64              // of the draws from Mix
	ReportDeclines bool                // the merchant ticked "Always report transaction"
}

// delivery is one try of a webhook.
type delivery struct {
	LowProfileID string      `json:"lowProfileId"`
	Mode         webhookMode `json:"mode"`
	Try          int         `json:"try"` // 1 for the first; 0 when none is ever made
	Status       int         `json:"status,omitempty"`
	Error        string      `json:"error,omitempty"`
	At           time.Time   `json:"at"`
}

// dispatcher sends webhooks. What it still has to send is in the ledger, not in its timers.
type dispatcher struct {
	report    func(id string) (address string, body lowProfileResult, found bool)
	delivered func(id string)
	after     func(time.Duration, func())
	client    *http.Client

	mu         sync.Mutex
	options    webhookOptions
	draws      *rand.Rand
	deliveries []delivery
}

func newDispatcher(o webhookOptions, report func(string) (string, lowProfileResult, bool), delivered func(string)) *dispatcher {
	d := &dispatcher{
		report: report, delivered: delivered,
		after: func(wait time.Duration, f func()) { time.AfterFunc(wait, f) },
		client: &http.Client{
			Timeout:       15 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	d.configure(o)
	return d
}

// configure replaces the options and starts the draws anew from the seed.
func (d *dispatcher) configure(o webhookOptions) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options = o
	d.draws = rand.New(rand.NewPCG(o.Seed, o.Seed))
}

func (d *dispatcher) current() webhookOptions {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.options
}

// draw picks a mode from the mix. The same seed gives the same sequence.
func (d *dispatcher) draw() webhookMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	total := 0
	for _, weight := range d.options.Mix {
		total += weight
	}
	if total == 0 {
		return webhookOnce
	}
	at := d.draws.IntN(total)
	for _, mode := range webhookModes {
		if at -= d.options.Mix[mode]; at < 0 {
			return mode
		}
	}
	return webhookOnce
}

// plan sets the webhook of a page going.
func (d *dispatcher) plan(id string, mode webhookMode) {
	o := d.current()
	switch mode {
	case webhookNever:
		d.log(delivery{LowProfileID: id, Mode: mode})
	case webhookLate:
		d.after(o.Delay+o.Late, func() { d.try(id, mode, 1) })
	case webhookTwice:
		d.after(o.Delay, func() { d.try(id, mode, 1); d.try(id, mode, 1) })
	default:
		d.after(o.Delay, func() { d.try(id, mode, 1) })
	}
}

// resume plans what a former process was still to send.
func (d *dispatcher) resume(pages []page) {
	for _, p := range pages {
		d.plan(p.ID, p.Mode)
	}
}

// try sends once and, while the merchant answers anything but 200, sets the next try going.
func (d *dispatcher) try(id string, mode webhookMode, n int) {
	address, body, found := d.report(id)
	if !found {
		return // the sandbox was reset meanwhile
	}
	status, err := d.post(address, body)
	entry := delivery{LowProfileID: id, Mode: mode, Try: n, Status: status}
	if err != nil {
		entry.Error = err.Error()
	}
	d.log(entry)
	switch {
	case status == http.StatusOK:
		d.delivered(id)
	case n <= len(retries):
		wait := time.Duration(float64(retries[n-1]) * d.current().RetryScale)
		d.after(wait, func() { d.try(id, mode, n+1) })
	}
}

func (d *dispatcher) post(address string, body lowProfileResult) (int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("encode webhook: %w", err)
	}
	resp, err := d.client.Post(address, "application/json; charset=utf-8", bytes.NewReader(text))
	if err != nil {
		return 0, fmt.Errorf("post webhook: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		slog.Debug("close webhook answer", "error", err)
	}
	return resp.StatusCode, nil
}

func (d *dispatcher) log(entry delivery) {
	entry.At = time.Now().UTC()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.deliveries = append(d.deliveries, entry); len(d.deliveries) > maxDeliveries {
		d.deliveries = slices.Delete(d.deliveries, 0, maxDeliveries/2)
	}
}

func (d *dispatcher) logged() []delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.deliveries)
}

// unreported lists finished pages whose webhook is still owed, in a stable order.
func (l *ledger) unreported() []page {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := []page{}
	for _, id := range slices.Sorted(maps.Keys(l.pages)) {
		if p := l.pages[id]; p.Done && !p.Reported && p.Mode != webhookNever {
			owed = append(owed, *p)
		}
	}
	return owed
}
