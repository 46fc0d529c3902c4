// Package retry says when an outside service may be asked again: seldom, never all at once, and not before it says so.
package retry

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Tries is how often one call is made at most, the first time included.
const Tries = 3

// After is how long an answer asks to be left alone, by its Retry-After in seconds or as a date; 0 when it says nothing.
func After(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// Pause is how long to wait after the n-th try: at least half of first doubled n-1 times, at most all of it, and never over
// longest. What is between is left to chance, so that many who failed together do not come back together.
func Pause(n int, first, longest time.Duration) time.Duration {
	whole := min(longest, first<<min(n-1, 16))
	return whole/2 + rand.N(whole/2+1)
}

// Wait waits for so long. When ctx ends before that could be over, it does not wait at all: whoever calls has its answer sooner.
func Wait(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Streak is how many in a row could not be worked on because the service failed. Work on many things at once ends at three:
// one that is always refused must not stop the others, and a service that is down must not be waited for by each.
type Streak int

// Down notes how the next one went, and says whether it is time to end.
func (s *Streak) Down(failed bool) bool {
	if !failed {
		*s = 0
		return false
	}
	*s++
	return *s >= Tries
}
