// Package schedule reads the expressions of EventBridge Scheduler and tells when they fire.
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expression answers with the first instant after t at which a schedule fires, or false when there is none.
type Expression interface {
	Next(t time.Time) (time.Time, bool)
}

// Parse reads cron(...) or rate(...) of EventBridge Scheduler. Cron fields are read in zone.
func Parse(text string, zone *time.Location) (Expression, error) {
	inner, ok := strings.CutSuffix(text, ")")
	if !ok {
		return nil, fmt.Errorf("schedule %q is not cron(...) or rate(...)", text)
	}
	if fields, ok := strings.CutPrefix(inner, "cron("); ok {
		return parseCron(fields, zone)
	}
	if value, ok := strings.CutPrefix(inner, "rate("); ok {
		return parseRate(value)
	}
	return nil, fmt.Errorf("schedule %q is not cron(...) or rate(...)", text)
}

// rate fires at whole multiples of itself since 1970, so that its slots survive a restart. EventBridge counts
// from the schedule's creation.
type rate time.Duration

func parseRate(text string) (Expression, error) {
	count, unit, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(count)
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	d := units[strings.TrimSuffix(unit, "s")]
	if err != nil || n < 1 || d == 0 {
		return nil, fmt.Errorf("rate(%s) is not a positive number of minutes, hours or days", text)
	}
	return rate(time.Duration(n) * d), nil
}

// Next is the first multiple after t.
func (r rate) Next(t time.Time) (time.Time, bool) {
	step := int64(time.Duration(r) / time.Second)
	return time.Unix((t.Unix()/step+1)*step, 0).UTC(), true
}

// cron holds a bit per allowed value.
type cron struct {
	minutes, hours, months set
	days                   dayRule
	years                  map[int]bool // nil means every year
	zone                   *time.Location
}

const lastYear = 2199

// Next looks day by day, to the last year that EventBridge knows.
func (c *cron) Next(t time.Time) (time.Time, bool) {
	local := t.In(c.zone)
	y, m, d := local.Date()
	for day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC); day.Year() <= lastYear; day = day.AddDate(0, 0, 1) {
		if c.years != nil && !c.years[day.Year()] {
			if day.Year() > local.Year() && !c.later(day.Year()) {
				return time.Time{}, false
			}
			day = time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
			continue
		}
		if !c.months.has(int(day.Month())) || !c.days.matches(day) {
			continue
		}
		if at, ok := c.onDay(day, t); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

func (c *cron) later(year int) bool {
	for y := range c.years {
		if y >= year {
			return true
		}
	}
	return false
}

// onDay is the first firing after t on a civil day. A time that the clocks skip does not fire; one that they
// repeat fires at its first occurrence only.
func (c *cron) onDay(day, t time.Time) (time.Time, bool) {
	for h := range 24 {
		if !c.hours.has(h) {
			continue
		}
		for m := range 60 {
			if !c.minutes.has(m) {
				continue
			}
			if at, exists := firstInstant(day, h, m, c.zone); exists && at.After(t) {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// firstInstant finds the earliest instant that reads day h:m on a wall clock in zone. time.Date promises
// neither that the instant exists nor which one it picks, so both offsets around the day are tried.
func firstInstant(day time.Time, h, m int, zone *time.Location) (time.Time, bool) {
	wall := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, time.UTC)
	var first time.Time
	for _, near := range []time.Time{wall.Add(-24 * time.Hour), wall.Add(24 * time.Hour)} {
		_, offset := near.In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		read := at.In(zone)
		if read.Day() != day.Day() || read.Hour() != h || read.Minute() != m {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, !first.IsZero()
}
