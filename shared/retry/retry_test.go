package retry_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"fitkit/shared/retry"
)

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "0": 0, "-5": 0, "": 0, "soon": 0,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retry.After(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestPausesGrowAndDiffer(t *testing.T) {
	for n, whole := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 5 * time.Second, 60: 5 * time.Second} {
		seen := map[time.Duration]bool{}
		for range 50 {
			d := retry.Pause(n, time.Second, 5*time.Second)
			if d < whole/2 || d > whole {
				t.Fatalf("pause %d is %s", n, d)
			}
			seen[d] = true
		}
		if len(seen) < 2 {
			t.Errorf("pause %d is always the same", n)
		}
	}
}

func TestNobodyWaitsForWhatCannotBeOverInTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := retry.Wait(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("%v", err)
	}
	if err := retry.Wait(ctx, time.Millisecond); err != nil {
		t.Error(err)
	}
	cancel()
	if err := retry.Wait(ctx, time.Second); err == nil {
		t.Error("it waited for somebody who has left")
	}
}

func TestThreeFailuresInARowEndWork(t *testing.T) {
	var s retry.Streak
	for i, step := range []struct{ failed, end bool }{{true, false}, {true, false}, {false, false}, {true, false}, {true, false}, {true, true}, {true, true}} {
		if s.Down(step.failed) != step.end {
			t.Errorf("step %d", i)
		}
	}
}
