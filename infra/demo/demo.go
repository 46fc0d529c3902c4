package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/seed"
	"fitkit/shared/id"
)

// demo is one run.
type demo struct {
	settings
	system   *system
	at       platform.Addresses
	random   *rand.Rand
	owner    *seed.Client
	terminal int
	clock    time.Time // the studio's business time when it opened
	plans    []plan
	members  []*member
	kills    atomic.Int64
}

type member struct {
	id   string
	n    int
	card string // of the sandbox's table; empty: none
	plan plan

	start time.Time
}

// opening is when the studio's life begins: a Thursday, 08:00 in Israel, so that the 31st and February come by.
var opening = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)

func (d *demo) openStudio(ctx context.Context) error {
	clerk := seed.Clerk{URL: d.at.Clerk}
	slug := "demo-" + id.New[id.Event]().String()[:13]
	studio, err := clerk.CreateStudio(ctx, "סטודיו הדגמה", slug)
	if err != nil {
		return err
	}
	d.owner = &seed.Client{API: d.at.API, Token: clerk.Session(studio.Users["owner"], studio.Organization)}
	d.clock = opening
	if err := d.owner.Do(ctx, http.MethodPost, "/v1/org/test-clock", newKey(), map[string]any{"create_at": d.clock}, nil); err != nil {
		return err
	}
	// A terminal of its own, so that the provider's ledger of this run is nobody else's.
	d.terminal = 100_000 + d.random.IntN(900_000)
	name, password := "demo-"+slug, newKey()
	err = post(ctx, d.at.Cardcom+"/_sandbox/terminals", map[string]any{"terminal": d.terminal, "apiName": name, "apiPassword": password})
	if err != nil {
		return err
	}
	return d.owner.Do(ctx, http.MethodPut, "/v1/gateways/cardcom", newKey(), map[string]any{
		"terminal_number": d.terminal, "api_name": name, "api_password": password, "mode": "test"}, nil)
}

func newKey() string { return id.New[id.Event]().String() }

// each runs do for every index with a few workers, shows progress, and ends at the first error.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	const workers = 8
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(fmt.Errorf("number %d: %w", i, err))
					return
				}
				if k := done.Add(1); k%250 == 0 {
					say("  %d of %d", k, n)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
