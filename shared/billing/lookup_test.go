package billing

import (
	"testing"
	"time"
)

func TestWhenALostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	lost := time.Date(2026, 2, 1, 7, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		asked int           // look-ups made, this one included
		after time.Duration // since the answer was lost
		want  time.Duration // the next, since then
	}{
		"after the first at once, in half a minute":              {1, 0, 30 * time.Second},
		"after the second, five minutes after the loss":          {2, 30 * time.Second, 5 * time.Minute},
		"after the third, an hour after it":                      {3, 5 * time.Minute, time.Hour},
		"after the fourth, six hours after it":                   {4, time.Hour, 6 * time.Hour},
		"after the fifth, a day after it":                        {5, 6 * time.Hour, 24 * time.Hour},
		"after the schedule's end, every hour":                   {6, 24 * time.Hour, 25 * time.Hour},
		"and for as long as it takes":                            {50, 70 * time.Hour, 71 * time.Hour},
		"a look-up that came late makes good the missed at once": {2, 2 * time.Hour, 2*time.Hour + time.Second},
		"and one that came in between keeps the schedule":        {2, time.Minute, 5 * time.Minute},
	} {
		if got := nextLookup(lost, lost.Add(tc.after), tc.asked).Sub(lost); got != tc.want {
			t.Errorf("%s: %s, not %s", name, got, tc.want)
		}
	}
}

func TestNotFoundIsNotBelievedBeforeADayHasPassed(t *testing.T) {
	t.Parallel()
	lost := time.Date(2026, 2, 1, 7, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		after time.Duration
		want  bool
	}{
		"at once":                    {0, false},
		"after six hours":            {6 * time.Hour, false},
		"a second before the day is": {24*time.Hour - time.Second, false},
		"after a day":                {24 * time.Hour, true},
		"long after":                 {72 * time.Hour, true},
	} {
		if got := lookupsDone(lost, lost.Add(tc.after)); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
