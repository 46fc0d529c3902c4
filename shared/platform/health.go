// Package platform is what the system says about itself: whether it is well, and which build runs.
package platform

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
)

// Store is an outside system that can be asked whether it answers.
type Store struct {
	Name  string
	Vital bool // without it the system does not work; without the others it works worse
	Ping  func(ctx context.Context) error
}

// Health is how the stores answered.
type Health struct {
	Build  string // the commit, or "development"
	Stores []StoreHealth
	Up     bool // every vital store answers
}

// StoreHealth is how one store answered, and how long that took. Why it did not is for the log, not for the public.
type StoreHealth struct {
	Name string
	Up   bool
	Took time.Duration
	Err  error
}

// Checker asks all stores at once.
type Checker struct{ stores []Store }

// NewChecker is a checker of stores.
func NewChecker(stores ...Store) *Checker { return &Checker{stores} }

// patience is how long a store may take to answer. Monitors give up after some seconds.
const patience = 2 * time.Second

// Check asks every store.
func (c *Checker) Check(ctx context.Context) Health {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h := Health{Build: build(), Stores: make([]StoreHealth, len(c.stores)), Up: true}
	var wg sync.WaitGroup
	for i, s := range c.stores {
		wg.Go(func() {
			start := time.Now()
			err := s.Ping(ctx)
			h.Stores[i] = StoreHealth{Name: s.Name, Up: err == nil, Took: time.Since(start), Err: err}
		})
	}
	wg.Wait()
	for i, s := range c.stores {
		h.Up = h.Up && (h.Stores[i].Up || !s.Vital)
	}
	return h
}

// build is the commit that the binary was made from.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && s.Value != "" {
			return s.Value
		}
	}
	return "development"
}
