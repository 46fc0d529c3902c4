package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// set is a set of small numbers.
type set uint64

func (s set) has(n int) bool { return s&(1<<n) != 0 }

var (
	monthNames = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
	dayNames   = strings.Fields("SUN MON TUE WED THU FRI SAT")
)

// dayRule says on which days a cron fires: by day of the month or by day of the week; the other field is "?".
type dayRule struct {
	ofMonth, ofWeek set // days 1–31, weekdays 1 (Sunday) – 7
	lastOfMonth     bool
	nearestWeekday  int // W: the working day nearest to this day of the month
	lastWeekday     int // L: the last such weekday of the month
	nthWeekday, nth int // #
}

func parseCron(text string, zone *time.Location) (Expression, error) {
	f := strings.Fields(text)
	if len(f) != 6 {
		return nil, fmt.Errorf("cron(%s) has %d fields instead of 6: minutes hours day-of-month month day-of-week year", text, len(f))
	}
	c := &cron{zone: zone}
	var err error
	for _, part := range []struct {
		to       *set
		text     string
		min, max int
		names    []string
	}{{&c.minutes, f[0], 0, 59, nil}, {&c.hours, f[1], 0, 23, nil}, {&c.months, f[3], 1, 12, monthNames}} {
		if *part.to, err = parseSet(part.text, part.min, part.max, part.names); err != nil {
			return nil, fmt.Errorf("cron(%s): %w", text, err)
		}
	}
	if c.days, err = parseDays(f[2], f[4]); err != nil {
		return nil, fmt.Errorf("cron(%s): %w", text, err)
	}
	if c.years, err = parseYears(f[5]); err != nil {
		return nil, fmt.Errorf("cron(%s): %w", text, err)
	}
	return c, nil
}

func parseSet(text string, low, high int, names []string) (set, error) {
	var out set
	err := eachValue(text, low, high, names, func(n int) { out |= 1 << n })
	return out, err
}

func parseYears(text string) (map[int]bool, error) {
	if text == "*" {
		return nil, nil
	}
	years := map[int]bool{}
	err := eachValue(text, 1970, lastYear, nil, func(y int) { years[y] = true })
	return years, err
}

// eachValue reads a list of values, ranges and steps: "1,5-8,*/15".
func eachValue(text string, low, high int, names []string, fn func(int)) error {
	for item := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		from, to, step := low, high, 1
		if span != "*" {
			a, b, ranged := strings.Cut(span, "-")
			var err error
			if from, err = number(a, low, high, names); err != nil {
				return err
			}
			to = from
			if ranged {
				if to, err = number(b, low, high, names); err != nil {
					return err
				}
			} else if stepped {
				to = high
			}
		}
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return fmt.Errorf("%q has no valid step", item)
			}
			step = n
		}
		if to < from {
			return fmt.Errorf("%q runs backwards", item)
		}
		for n := from; n <= to; n += step {
			fn(n)
		}
	}
	return nil
}

func number(text string, low, high int, names []string) (int, error) {
	for i, name := range names {
		if strings.EqualFold(text, name) {
			return low + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%q is not between %d and %d", text, low, high)
	}
	return n, nil
}

func parseDays(ofMonth, ofWeek string) (d dayRule, err error) {
	if (ofMonth == "?") == (ofWeek == "?") {
		return d, fmt.Errorf("exactly one of day-of-month and day-of-week must be ?")
	}
	if ofWeek != "?" {
		return parseWeekdays(ofWeek)
	}
	if ofMonth == "L" {
		d.lastOfMonth = true
		return d, nil
	}
	if day, ok := strings.CutSuffix(ofMonth, "W"); ok {
		d.nearestWeekday, err = number(day, 1, 31, nil)
		return d, err
	}
	d.ofMonth, err = parseSet(ofMonth, 1, 31, nil)
	return d, err
}

func parseWeekdays(text string) (d dayRule, err error) {
	if day, nth, ok := strings.Cut(text, "#"); ok {
		if d.nthWeekday, err = number(day, 1, 7, dayNames); err != nil {
			return d, err
		}
		d.nth, err = number(nth, 1, 5, nil)
		return d, err
	}
	if day, ok := strings.CutSuffix(text, "L"); ok {
		if day == "" { // L alone is the last day of the week
			d.ofWeek = 1 << 7
			return d, nil
		}
		d.lastWeekday, err = number(day, 1, 7, dayNames)
		return d, err
	}
	d.ofWeek, err = parseSet(text, 1, 7, dayNames)
	return d, err
}

func (d dayRule) matches(day time.Time) bool {
	weekday := int(day.Weekday()) + 1
	last := day.AddDate(0, 1, -day.Day()).Day()
	switch {
	case d.lastOfMonth:
		return day.Day() == last
	case d.nearestWeekday > 0:
		return day.Day() == nearestWorkingDay(day, d.nearestWeekday, last)
	case d.lastWeekday > 0:
		return weekday == d.lastWeekday && day.Day() > last-7
	case d.nth > 0:
		return weekday == d.nthWeekday && (day.Day()-1)/7+1 == d.nth
	}
	return d.ofMonth.has(day.Day()) || d.ofWeek.has(weekday)
}

// nearestWorkingDay is the day from Monday to Friday nearest to a day of the month, without leaving the month.
func nearestWorkingDay(day time.Time, want, last int) int {
	if want > last {
		return 0
	}
	at := time.Date(day.Year(), day.Month(), want, 0, 0, 0, 0, time.UTC)
	switch {
	case at.Weekday() == time.Saturday && want > 1:
		return want - 1
	case at.Weekday() == time.Saturday:
		return want + 2
	case at.Weekday() == time.Sunday && want < last:
		return want + 1
	case at.Weekday() == time.Sunday:
		return want - 2
	}
	return want
}
