package civil

import "time"

// Period is the half-open range of days [From, To).
type Period struct {
	From Date // the first day in it
	To   Date // the first day after it
}

// Days returns how many days the period has.
func (p Period) Days() int { return p.To.Sub(p.From) }

// Contains reports whether d is one of the period's days.
func (p Period) Contains(d Date) bool { return !d.Before(p.From) && d.Before(p.To) }

// String returns the period as PostgreSQL writes a daterange, [From,To).
func (p Period) String() string { return "[" + p.From.String() + "," + p.To.String() + ")" }

// PeriodStart returns the first day of the k-th monthly billing period: the anchor day, or
// the month's last day when it is shorter, in the month k months after month0's. It is
// always reckoned from the anchor, never from the period before, so an anchor of 31 gives
// 31 January, 28 February, 31 March (domain rule R5). Of month0 only year and month count;
// anchorDay is 1 to 31; k may be negative.
func PeriodStart(month0 Date, anchorDay, k int) Date {
	first := New(month0.Year, month0.Month+time.Month(k), 1)
	last := New(first.Year, first.Month+1, 0).Day
	return Date{first.Year, first.Month, min(max(anchorDay, 1), last)}
}

// Cycle is a membership's endless row of monthly billing periods.
type Cycle struct {
	Month0    Date // a day in the month that period 0 starts in
	AnchorDay int  // 1 to 31
}

// Period returns the k-th period. Periods follow one another without gap or overlap.
func (c Cycle) Period(k int) Period {
	return Period{PeriodStart(c.Month0, c.AnchorDay, k), PeriodStart(c.Month0, c.AnchorDay, k+1)}
}

// Index returns the k of the period that d falls in.
func (c Cycle) Index(d Date) int {
	k := 12*(d.Year-c.Month0.Year) + int(d.Month-c.Month0.Month)
	if d.Before(PeriodStart(c.Month0, c.AnchorDay, k)) {
		k--
	}
	return k
}
