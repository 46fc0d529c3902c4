package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for name, tc := range map[string]struct {
		in   sample
		want float64
	}{
		"nothing has the median zero":                   {nil, 0},
		"of one value it is that value":                 {sample{7}, 7},
		"of an odd number it is the middle, sorted":     {sample{9, 1, 5}, 5},
		"of an even number it is the mean of the two":   {sample{4, 1, 3, 2}, 2.5},
		"one wild value does not move it by its size":   {sample{1, 2, 3, 4, 1000}, 3},
		"equal values give that value":                  {sample{2, 2, 2, 2}, 2},
		"the order in which values came does not count": {sample{5, 4, 3, 2, 1}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(tc.in)
			if got := tc.in.median(); got != tc.want {
				t.Errorf("median is %v, want %v", got, tc.want)
			}
			if !slices.Equal(before, tc.in) {
				t.Errorf("the sample was reordered: %v", tc.in)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	if low, high := (sample{3, 1, 2}).bounds(); low != 1 || high != 3 {
		t.Errorf("bounds are %v and %v, want 1 and 3", low, high)
	}
	if low, high := sample(nil).bounds(); low != 0 || high != 0 {
		t.Errorf("bounds of nothing are %v and %v", low, high)
	}
}

// Seen red: with the value before alone.
func TestBetween(t *testing.T) {
	for name, tc := range map[string]struct{ in, want sample }{
		"a machine that gets slower is met in the middle": {sample{1, 3, 7}, sample{2, 5}},
		"nothing lies between one value":                  {sample{1}, nil},
		"nor between none":                                {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.in.between(); !slices.Equal(got, tc.want) {
				t.Errorf("between are %v, want %v", got, tc.want)
			}
		})
	}
}

func TestMediansOfRuns(t *testing.T) {
	for name, tc := range map[string]struct {
		in   sample
		n    int
		want sample
	}{
		"six values in two runs":         {sample{1, 2, 3, 30, 10, 20}, 2, sample{2, 20}},
		"what is left over is not used":  {sample{1, 1, 5, 5, 99}, 2, sample{1, 5}},
		"fewer values than runs: no run": {sample{1}, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.in.medians(tc.n); !slices.Equal(got, tc.want) {
				t.Errorf("medians are %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRatio(t *testing.T) {
	var ours, bare sample
	for i := range 100 {
		ours = append(ours, 30)
		bare = append(bare, float64(10+10*(i%2))) // 10, 20, 10, 20 …: its median is 15
	}
	f := ratio("read", ours, bare, 1.3)
	if f.value != 2 || f.ok() {
		t.Errorf("ratio is %v, ok %v; want 2, which is over 1.3", f.value, f.ok())
	}
	if low, high := f.spread.bounds(); low != 2 || high != 2 || len(f.spread) != runs {
		t.Errorf("spread is %v–%v of %d runs", low, high, len(f.spread))
	}
	if f := ratio("nothing to compare with", ours, nil, 1); f.value != 0 {
		t.Errorf("ratio to nothing is %v", f.value)
	}
}

func TestAFigureSaysWhetherItKeepsItsBound(t *testing.T) {
	for name, tc := range map[string]struct {
		figure figure
		want   string
	}{
		"a ceiling is kept at its value":        {figure{value: 1.5, bound: 1.5, atMost: true}, "ok"},
		"a ceiling is missed above it":          {figure{value: 1.51, bound: 1.5, atMost: true}, "MISSED"},
		"a floor is kept at its value":          {figure{value: 220, bound: 220}, "ok"},
		"a floor is missed below it":            {figure{value: 219, bound: 220}, "MISSED"},
		"a figure without a bound says nothing": {figure{value: 5, none: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.figure.verdict(); got != tc.want {
				t.Errorf("verdict is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheTableHoldsEveryFigure(t *testing.T) {
	var out strings.Builder
	var s sample
	s.add(1500 * time.Microsecond)
	s.add(2500 * time.Microsecond)
	err := printTable(&out, []figure{{name: "warm read", value: s.median(), spread: s, unit: "µs", atMost: true, bound: 1000}})
	if err != nil || !strings.Contains(out.String(), "warm read") || !strings.Contains(out.String(), "1500–2500 (2)") ||
		!strings.Contains(out.String(), "MISSED") || !strings.Contains(out.String(), "2000 µs") {
		t.Errorf("the table is %q, %v", out.String(), err)
	}
}
