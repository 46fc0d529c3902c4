package midway

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"testing"

	"fitkit/shared/catalog"
	"fitkit/shared/postgres/postgrestest"
)

// flow is one way through a function.
type flow struct {
	name string // of the way, where a function has several
	// start wires the function. arrange then makes a fresh subject and says how the function is run on it, as often as one likes.
	start func(t *testing.T, w *world) (arrange func() (run func() error, subject any))
	// done is for functions that commit in steps, or may have an effect again that does no harm: it is true when the whole effect
	// is there; $1 is the subject. Without it the whole effect is what a run without a fault has changed, no more and no less,
	// and after an error nothing of it may be there.
	done string
	// settle is what the schedules do about a run that was cut short; nil: nothing is needed.
	settle func(w *world)
	// nothing says why the function changes nothing, besides the rows that say that it ran.
	nothing string
}

func everyFlow() map[string][]flow {
	all := map[string][]flow{}
	for _, some := range []map[string][]flow{studioFlows, moneyFlows, ownFlows, jobFlows, chargeFlows, proofFlows, cronFlows, doorFlows} {
		maps.Copy(all, some)
	}
	return all
}

// TestEveryFunctionThatWritesHasAFlow holds the table against the catalogue: only a GET needs no entry. Red with one left out.
func TestEveryFunctionThatWritesHasAFlow(t *testing.T) {
	left := everyFlow()
	for _, s := range append(catalog.All(), catalog.TestHooks()...) {
		reads := s.Route != nil && s.Route.Method == http.MethodGet
		if there := len(left[s.Name]) > 0; there == reads {
			t.Errorf("%s: it has a flow %t, and is a GET %t; a function that writes needs a flow here, and one that writes nothing says why", s.Name, there, reads)
		}
		delete(left, s.Name)
	}
	for name := range left {
		t.Errorf("%s is no function", name)
	}
}

// TestAStatementThatFailsLeavesNothingHalfWritten is T4. Of every flow each statement that changes data fails once, in turn. The
// function then answers with an error, or with the final truth; nothing half-written is to be seen; whatever went out (messages,
// charges, pages) has a row that reaches it; and the same request, the message when it comes again, or the schedule's next run,
// succeeds.
//
// It was seen red with the trail of a revealed national ID in a transaction of its own, with messages sent before their jobs'
// commit, with the provider's page opened before the session's row, with the errors of a schedule's studios swallowed, and for
// a person's word about an attempt, which stood twice in the trail when it was said again.
func TestAStatementThatFailsLeavesNothingHalfWritten(t *testing.T) {
	t.Parallel()
	flows := everyFlow()
	for _, function := range slices.Sorted(maps.Keys(flows)) {
		for _, f := range flows[function] {
			t.Run(function+" "+f.name, func(t *testing.T) {
				t.Parallel()
				f.fail(t)
			})
		}
	}
}

// fail runs the flow without a fault, and then with each of its statements failing.
func (f flow) fail(t *testing.T) {
	w := newWorld(t)
	w.faults = w.PlantFaults(t)
	arrange := f.start(t, w)
	run, subject := arrange()
	w.begin(t, math.MaxInt32)
	err := run()
	statements := w.end(t)
	if f.settle != nil {
		f.settle(w)
	}
	whole := w.effect(t)
	if err != nil || !f.there(t, w, subject, whole) {
		t.Fatalf("without a fault it came to %v, and changed %q", err, whole)
	}
	if (f.nothing != "") != (whole == "") {
		t.Fatalf("it changed %q; said of it: %q", whole, f.nothing)
	}
	for k := 1; k <= statements; k++ {
		f.failAt(t, w, arrange, whole, k)
	}
	t.Logf("%d statements: %s", statements, whole)
}

// there says whether the whole effect is.
func (f flow) there(t *testing.T, w *world, subject any, whole string) bool {
	if f.done != "" {
		return postgrestest.Get[bool](t, w.Database, f.done, subject)
	}
	return w.effect(t) == whole
}

func (f flow) failAt(t *testing.T, w *world, arrange func() (func() error, any), whole string, k int) {
	run, subject := arrange()
	w.begin(t, k)
	err := run()
	w.end(t)
	w.reaches(t)
	switch there := f.there(t, w, subject, whole); {
	case err == nil && !there && f.settle == nil:
		t.Fatalf("statement %d failed, the function reports success, and it changed %q, not %q", k, w.effect(t), whole)
	case err != nil && !there && f.done == "" && w.effect(t) != "":
		t.Fatalf("statement %d failed and left something half-written: %q of %q: %v", k, w.effect(t), whole, err)
	}
	w.later(t)
	if err := run(); err != nil {
		t.Fatalf("after statement %d failed, the repeat came to %v", k, err)
	}
	if f.settle != nil {
		f.settle(w)
	}
	if !f.there(t, w, subject, whole) {
		t.Fatalf("after statement %d failed (%v), the repeat came to %q, not %q", k, err, w.effect(t), whole)
	}
	w.reaches(t)
}
