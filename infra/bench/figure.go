package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// figure is one line of the table: what was measured and the bound that it is held to.
type figure struct {
	name   string
	value  float64 // the median
	spread sample  // what value is the median of; may be empty
	unit   string
	atMost bool // the bound is a ceiling and not a floor
	bound  float64
	none   bool // there is no bound: printed for its own sake
}

func (f figure) ok() bool {
	switch {
	case f.none:
		return true
	case f.atMost:
		return f.value <= f.bound
	}
	return f.value >= f.bound
}

// verdict is how the table says it.
func (f figure) verdict() string {
	switch {
	case f.none:
		return ""
	case f.ok():
		return "ok"
	}
	return "MISSED"
}

func (f figure) boundText() string {
	switch {
	case f.none:
		return "-"
	case f.atMost:
		return fmt.Sprintf("≤ %s", short(f.bound))
	}
	return fmt.Sprintf("≥ %s", short(f.bound))
}

func (f figure) spreadText() string {
	if len(f.spread) < 2 {
		return ""
	}
	low, high := f.spread.bounds()
	return fmt.Sprintf("%s–%s (%d)", short(low), short(high), len(f.spread))
}

// short prints three digits that count, as people read them.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func printTable(w io.Writer, figures []figure) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "figure\tbound\tmeasured\tspread (runs)\t")
	for _, f := range figures {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s %s\t%s\t%s\n", f.name, f.boundText(), short(f.value), f.unit, f.spreadText(), f.verdict())
	}
	return t.Flush()
}
