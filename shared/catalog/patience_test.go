package catalog_test

import (
	"slices"
	"testing"
	"time"

	"fitkit/shared/catalog"
	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

// TestAProvidersSilenceLeavesTimeToRecordIt: whoever calls Cardcom from a queue writes down afterwards that no answer came, in
// the time that its own time limit leaves.
func TestAProvidersSilenceLeavesTimeToRecordIt(t *testing.T) {
	var c config.Cardcom
	if err := config.Read(func(string) string { return "" }, &c); err != nil {
		t.Fatal(err)
	}
	const record = 5 * time.Second
	longest := time.Duration(c.TimeoutSeconds)*time.Second + run.Margin + record
	for _, f := range catalog.All() {
		if f.Queue != nil && slices.Contains(f.Needs, need.Cardcom) && f.Timeout < longest {
			t.Errorf("%s ends after %s, a silent provider and what follows take %s", f.Name, f.Timeout, longest)
		}
	}
}

// TestNoKeyIsTakenFromAWorkerWhoLives: a request that calls a provider between its transactions ends before its key's lease, or
// the same request, sent again, would run beside it. Red with a lease of 20 s.
func TestNoKeyIsTakenFromAWorkerWhoLives(t *testing.T) {
	steps := 0
	for _, e := range catalog.Endpoints() {
		if !e.Op.Steps {
			continue
		}
		steps++
		if longest := e.Spec().Timeout; longest >= postgres.KeyLease {
			t.Errorf("%s may take %s, and its key is held for %s", e.Op.Name, longest, postgres.KeyLease)
		}
	}
	if steps < 2 {
		t.Errorf("only %d endpoints have steps", steps)
	}
}

// TestEveryFunctionHasTimeToWork beside what it keeps for its answer.
func TestEveryFunctionHasTimeToWork(t *testing.T) {
	for _, f := range catalog.All() {
		if f.Timeout < 5*run.Margin {
			t.Errorf("%s has %s in all, and keeps %s for its answer", f.Name, f.Timeout, run.Margin)
		}
	}
}
