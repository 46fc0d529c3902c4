package membership

import (
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/money"
)

// Version is published terms of a plan. It is for sale on the days [From, To).
type Version struct {
	ID     id.PlanVersion
	Number int
	From   civil.Date
	To     civil.Date // zero: until another version is published
	Terms
}

// Offer is a plan as it can be sold at a moment.
type Offer struct {
	Plan     Plan
	Version  *Version // of that day; nil: none is for sale
	Calendar Calendar
}

// Quote is a sale before it is made. What a preview shows and what a sale does both come from it.
type Quote struct {
	Plan      Plan
	Version   Version
	StartOn   civil.Date
	TermEnd   civil.Date // the first day after a fixed term; zero: no term
	ExpiresOn civil.Date // the first day a pack or trial is no longer valid; zero: does not expire
	Lines     []Line
	Total     money.Agorot // of the whole deal; zero when it is open-ended, see OpenEnded

	now      time.Time
	calendar Calendar
}

// Line is what a part of the deal costs.
type Line struct {
	Description string
	Quantity    int
	Unit        money.Agorot
	Amount      money.Agorot
}

// Due is a charge that the sale brings about.
type Due struct {
	At     time.Time
	Amount money.Agorot
	Period civil.Period // the month that it pays for; zero when it pays for the whole deal
}

// How far from today a membership may start.
const (
	startMonthsAhead = 12
	startDaysBack    = 31
)

// Quote says what a sale of the offer at the moment now would be, starting on startOn (zero: today).
func (o Offer) Quote(startOn civil.Date, now time.Time) (Quote, error) {
	today := o.Calendar.Today(now)
	if startOn.IsZero() {
		startOn = today
	}
	switch {
	case o.Plan.Status != Published:
		return Quote{}, ErrPlanNotForSale
	case o.Version == nil:
		return Quote{}, ErrNoVersion
	case startOn.After(civil.PeriodStart(today, today.Day, startMonthsAhead)):
		return Quote{}, ErrStartTooFarAhead
	case startOn.Before(today.Add(-startDaysBack)):
		return Quote{}, ErrStartTooFarBack
	}
	q := Quote{Plan: o.Plan, Version: *o.Version, StartOn: startOn, now: now, calendar: o.Calendar}
	if months := q.Version.TermMonths; months > 0 {
		q.TermEnd = civil.PeriodStart(startOn, startOn.Day, months)
	}
	if days := q.Version.ValidityDays; days > 0 {
		q.ExpiresOn = startOn.Add(days)
	}
	q.price()
	return q, nil
}

func (q *Quote) price() {
	n := 1
	if q.Version.PaidMonthly() && q.Version.TermMonths > 0 {
		n = q.Version.TermMonths
	}
	line := Line{q.Plan.Name, n, q.Version.Price, q.Version.Price * money.Agorot(n)}
	q.Lines = []Line{line}
	if !q.OpenEnded() {
		q.Total = line.Amount
	}
}

// OpenEnded says that the deal has charges until somebody gives notice.
func (q Quote) OpenEnded() bool { return q.Version.PaidMonthly() && q.Version.TermMonths == 0 }

// Free says that the deal is never charged.
func (q Quote) Free() bool { return q.Version.Price == 0 }

// Charges is the deal's first n charges, or all when there are fewer. A time that has passed is now.
func (q Quote) Charges(n int) []Due {
	if q.Free() {
		return nil
	}
	if !q.Version.PaidMonthly() {
		return []Due{{At: q.now, Amount: q.Version.Price}}[:min(n, 1)]
	}
	if q.Version.TermMonths > 0 {
		n = min(n, q.Version.TermMonths)
	}
	cycle := civil.Cycle{Month0: q.StartOn, AnchorDay: q.StartOn.Day}
	due := make([]Due, n)
	for k := range due {
		due[k] = Due{At: q.chargeTime(cycle.Period(k).From, k), Amount: q.Version.Price, Period: cycle.Period(k)}
	}
	return due
}

// chargeTime is rule R6, but who buys a membership that starts today pays for its first month at once.
func (q Quote) chargeTime(day civil.Date, k int) time.Time {
	at := q.calendar.ChargeTime(day)
	if at.Before(q.now) || k == 0 && !day.After(q.calendar.Today(q.now)) {
		return q.now
	}
	return at
}

// DueNow is what is charged at the sale.
func (q Quote) DueNow() (sum money.Agorot) {
	const begun = 2 // a start startDaysBack ago has its second month begun at most: two months have 59 days or more
	for _, c := range q.Charges(begun) {
		if !c.At.After(q.now) {
			sum += c.Amount
		}
	}
	return sum
}

// NextChargeAt is when the first monthly charge is planned; nil when none is.
func (q Quote) NextChargeAt() *time.Time {
	if q.Free() || !q.Version.PaidMonthly() {
		return nil
	}
	return &q.Charges(1)[0].At
}

// State is the state that the membership begins in (R3): what costs money waits for it.
func (q Quote) State() State {
	if q.Free() {
		return Active
	}
	return PendingPayment
}

// Entries is how many entries the membership begins with; 0: unlimited.
func (q Quote) Entries() int {
	if q.Plan.Type == DropIn {
		return 1
	}
	return q.Version.Entries
}
