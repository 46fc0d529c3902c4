package billing

import (
	"testing"
	"time"
)

func TestGraceCountsTheStudiosDaysNotHours(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		due, now time.Time
		grace    int
		want     string
	}{
		"due in the evening, the sixth day's morning is the sixth day": {local(2, 1, 18, 0), local(2, 7, 9, 0), 5, "no_new_bookings"},
		"so it is when a day on the way had 23 hours":                  {local(3, 25, 9, 0), local(3, 31, 9, 0), 5, "no_new_bookings"},
		"and when one had 25":                           {local(10, 22, 9, 0), local(10, 28, 9, 0), 5, "no_new_bookings"},
		"due after midnight, which UTC calls yesterday": {local(2, 1, 0, 30), local(2, 7, 9, 0), 6, "full"},
	} {
		if got := access(tc.due.UTC(), tc.now.UTC(), israel, 3, tc.grace); got != tc.want {
			t.Errorf("%s: %s, not %s", name, got, tc.want)
		}
	}
}
