// Package civil reckons with calendar dates and billing periods in an organisation's zone.
// A date has no time and no zone; instants made from one are in UTC.
package civil

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// ErrDate means a text or a stored value is no calendar date.
var ErrDate = errors.New("not a date of the form YYYY-MM-DD")

// Date is a day of the Gregorian calendar. The zero Date is no day; IsZero tells it.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// New returns the date, with days and months out of range carried over: 31 April is 1 May.
func New(year int, month time.Month, day int) Date {
	return ofUTC(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// Of returns the date that the instant t falls on in loc.
func Of(t time.Time, loc *time.Location) Date {
	year, month, day := t.In(loc).Date()
	return Date{year, month, day}
}

// Parse reads YYYY-MM-DD. A day that the month lacks is an error.
func Parse(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, ErrDate
	}
	return ofUTC(t), nil
}

// IsZero reports whether d is the zero Date.
func (d Date) IsZero() bool { return d == Date{} }

// Add returns the date days later, or earlier when days is negative.
func (d Date) Add(days int) Date { return New(d.Year, d.Month, d.Day+days) }

// Sub returns the number of days from e to d: positive when d is later.
func (d Date) Sub(e Date) int { return int(d.utc().Sub(e.utc()) / (24 * time.Hour)) }

// Compare is -1, 0 or 1 as d is before, equal to or after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Start returns the first instant of the day in loc. Where the clocks skip midnight, that
// is the moment they do.
func (d Date) Start(loc *time.Location) time.Time { return d.At(0, 0, loc) }

// At returns the instant, in UTC, when clocks in loc show hour:minute on d. A time that
// they skip is the moment they skip it; of a time that they show twice it is the first.
// So whatever is due at a local time is due exactly once a day. (time.Date promises
// neither: in most zones it takes the second of two.)
func (d Date) At(hour, minute int, loc *time.Location) time.Time {
	wall := time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, time.UTC)
	guess := time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, loc)
	zoneStart, zoneEnd := guess.ZoneBounds()
	switch shown := wallClock(guess); {
	case shown.After(wall): // skipped, and the guess lies behind the change
		return zoneStart.UTC()
	case shown.Before(wall): // skipped, and the guess lies before it
		return zoneEnd.UTC()
	case zoneStart.IsZero():
		return guess.UTC()
	}
	_, offsetBefore := zoneStart.Add(-time.Nanosecond).Zone()
	earlier := wall.Add(-time.Duration(offsetBefore) * time.Second)
	if earlier.Before(zoneStart) {
		return earlier
	}
	return guess.UTC()
}

// wallClock returns what clocks show at t, written as an instant in UTC.
func wallClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// String returns YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes YYYY-MM-DD, in JSON too. The zero Date is an error.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, ErrDate
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = Parse(string(text))
	return err
}

// Value gives the database the date as text, which no session's time zone can shift. The
// zero Date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads a column of type date. NULL is the zero Date.
func (d *Date) Scan(source any) (err error) {
	switch v := source.(type) {
	case nil:
		*d = Date{}
	case time.Time:
		*d = ofUTC(v.UTC())
	case string:
		*d, err = Parse(v)
	case []byte:
		*d, err = Parse(string(v))
	default:
		err = fmt.Errorf("%w: a %T", ErrDate, source)
	}
	return err
}

func ofUTC(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
