package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPercentilesAreValuesThatWereMeasured(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for name, tc := range map[string]struct {
		of   []time.Duration
		p    int
		want time.Duration
	}{
		"the half of a hundred is the fiftieth":   {hundred, 50, 50},
		"the 99th of a hundred is the last but 1": {hundred, 99, 99},
		"of one value all are that value":         {hundred[:1], 99, 1},
		"of two the half is the first":            {hundred[:2], 50, 1},
		"of two the 95th is the second":           {hundred[:2], 95, 2},
		"of nothing it is nothing":                {nil, 99, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := percentile(tc.of, tc.p); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestARunFailsOnAnErrorOrARateThatWasNotHeld(t *testing.T) {
	answered := func(n int) map[string][]time.Duration {
		return map[string][]time.Duration{"list charges": make([]time.Duration, n)}
	}
	for name, tc := range map[string]struct {
		result
		want string
	}{
		"all was answered in time":                  {result{rate: 10, took: 10 * time.Second, latency: answered(100)}, ""},
		"the last answers took a moment longer":     {result{rate: 10, took: 10100 * time.Millisecond, latency: answered(100)}, ""},
		"answers came late and later":               {result{rate: 10, took: 15 * time.Second, latency: answered(100)}, "only 6.7 of 10 requests a second"},
		"one in a hundred was answered by an error": {result{rate: 10, took: 10 * time.Second, latency: answered(99), errors: map[string][]error{"list charges": {errors.New("503")}}}, "list charges failed 1 times, such as: 503"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := tc.verdict(); err != nil {
				got = err.Error()
			}
			if (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
				t.Errorf("said %q, want %q", got, tc.want)
			}
		})
	}
}
