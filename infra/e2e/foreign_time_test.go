package e2e

import (
	"os"
	"slices"
	"testing"
	"time"

	"fitkit/shared/id"
)

// alike is how far apart two medians may be (S2).
const alike = 5 * time.Millisecond

// TestAnotherStudiosIDTakesAsLongAsAnIDOfNothing times every read that is asked for a thing by its id: with the other studio's id
// and with one that nobody has, in turns, so that a machine that is busy for a while is so for both. A difference is measured
// again, five times as long, before it counts.
//
// Tests time nothing here, for what another process does beside them would decide; S2 states a time, so this one does, and only in
// the night, when nothing else is to be told by a machine's mood.
//
// Red with a look at ids of a second ago and older that takes 20 ms.
func TestAnotherStudiosIDTakesAsLongAsAnIDOfNothing(t *testing.T) {
	if os.Getenv("NIGHTLY") != "1" {
		t.Skip("times are compared in the night alone (NIGHTLY=1)")
	}
	const pairs, longer = 100, 500
	theirs, input, timed := b.ids(t, database(t)), makerFor(t, a), 0
	for _, op := range operations(t) {
		for _, f := range op.fields() {
			foreign := theirs[tableOf(f.name(), op.Path)]
			if op.keyed() || op.admins() || !f.isID() || len(foreign) == 0 {
				continue
			}
			timed++
			r := input.request(op).as(a, op.somebody())
			difference := apart(t, r, f, foreign[0], pairs)
			if difference >= alike {
				t.Logf("%s %s: %s apart, and so measured again", op.ID, f, difference)
				difference = apart(t, r, f, foreign[0], longer)
			}
			if t.Logf("%s %s: %s apart", op.ID, f, difference); difference >= alike {
				t.Errorf("%s %s: the medians of the other studio's id and of an id of nothing are %s apart", op.ID, f, difference)
			}
		}
	}
	if timed < 5 {
		t.Errorf("only %d reads were timed", timed)
	}
}

// apart is how far the medians are from each other.
func apart(t *testing.T, r request, f field, foreign string, pairs int) time.Duration {
	t.Helper()
	r.set(f, foreign).send(t) // the process has started
	var theirs, nothing []time.Duration
	for i := range pairs {
		first, second := foreign, id.New[id.Event]().String()
		if i%2 == 1 {
			first, second = second, first
		}
		one, other := took(t, r.set(f, first)), took(t, r.set(f, second))
		if i%2 == 1 {
			one, other = other, one
		}
		theirs, nothing = append(theirs, one), append(nothing, other)
	}
	return (median(theirs) - median(nothing)).Abs()
}

func took(t *testing.T, r request) time.Duration {
	t.Helper()
	for {
		start := time.Now()
		got, err := r.once()
		took := time.Since(start)
		switch {
		case err != nil:
			t.Fatal(err)
		case got.status != 429:
			return took
		}
		if err := newMinute(); err != nil {
			t.Fatal(err)
		}
	}
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}
