package main

import (
	"strings"
	"testing"

	"fitkit/shared/platform"
	"fitkit/shared/postgres/postgrestest"
)

func TestARedriveSaysWhatItDid(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	db.Exec(t, `insert into jobs (queue, dedupe_key, payload, state, finished_at)
		select 'org-apply-clerk-event', 'k' || i, '{}', 'dead', now() from generate_series(1, 3) i`)
	for _, step := range []struct {
		r    platform.Redrive
		want string
	}{
		{platform.Redrive{Queue: "org-apply-clerk-event", Max: 2, PerSecond: 1}, "2 jobs of org-apply-clerk-event are ready again"},
		{platform.Redrive{Queue: "org-apply-clerk-event", Max: 2, PerSecond: 1}, "1 jobs of org-apply-clerk-event are ready again"},
		{platform.Redrive{Queue: "org-apply-clerk-event", Max: 2, PerSecond: 1}, "No job of org-apply-clerk-event is dead."},
		{platform.Redrive{Queue: "org-aply", Max: 2, PerSecond: 1}, "There is no queue org-aply. Queues are"},
		{platform.Redrive{Max: 2, PerSecond: 1}, "Say which: make redrive QUEUE="},
		{platform.Redrive{Queue: "org-apply-clerk-event", PerSecond: 1}, "MAX and RATE are at least 1."},
	} {
		var out strings.Builder
		err := redrive(t.Context(), &out, db.SystemURL, step.r)
		said := out.String()
		if err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, step.want) {
			t.Errorf("%+v said %q, want %q", step.r, said, step.want)
		}
	}
}
