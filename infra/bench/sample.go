package main

import (
	"slices"
	"time"
)

// sample is repeated measurements of one thing, in the order they were made.
type sample []float64

// add appends a duration in microseconds.
func (s *sample) add(d time.Duration) { *s = append(*s, float64(d.Nanoseconds())/1000) }

// median is the middle value, or the mean of the two in the middle; 0 of nothing.
func (s sample) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// bounds are the smallest and the largest value; zeros of nothing.
func (s sample) bounds() (low, high float64) {
	if len(s) == 0 {
		return 0, 0
	}
	return slices.Min(s), slices.Max(s)
}

// medians cuts s into n runs of equal length, in order, and answers the median of each. What is left over is not used.
func (s sample) medians(n int) (out sample) {
	size := len(s) / n
	for i := range n {
		if size > 0 {
			out = append(out, s[i*size:(i+1)*size].median())
		}
	}
	return out
}

// over divides s by base, value by value: the two were measured in turns. A base of zero gives zero.
func (s sample) over(base sample) sample {
	out := make(sample, min(len(s), len(base)))
	for i := range out {
		if base[i] != 0 {
			out[i] = s[i] / base[i]
		}
	}
	return out
}

// between is the mean of each two neighbours: what was measured between the two is compared with it.
func (s sample) between() (out sample) {
	for i := 1; i < len(s); i++ {
		out = append(out, (s[i-1]+s[i])/2)
	}
	return out
}

// ratio is the figure of s compared with base: the ratio of the two medians, and as its spread the ratios of the medians
// of ten runs, so that one slow moment of the machine shows and does not decide.
func ratio(name string, s, base sample, ceiling float64) figure {
	f := figure{name: name, unit: "×", atMost: true, bound: ceiling, spread: s.medians(runs).over(base.medians(runs))}
	if b := base.median(); b != 0 {
		f.value = s.median() / b
	}
	return f
}

const runs = 10
