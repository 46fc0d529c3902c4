package membership

import (
	"time"

	"fitkit/shared/civil"
)

// chargeHour is when a day's charges run, by the studio's clock (R6).
const chargeHour = 9

// Calendar is what a studio's charges are timed by.
type Calendar struct {
	Zone             *time.Location
	ChargeOnRestDays bool
	RestDays         map[civil.Date]bool // the holidays; Saturdays are by rule
}

// ChargeTime is rule R6: 09:00 in the studio on day, or on the next day that is no rest day when the studio does not
// charge on rest days. The result is in UTC. app.charge_time is its twin in the database, held to it by a test.
func (c Calendar) ChargeTime(day civil.Date) time.Time {
	for !c.ChargeOnRestDays && (day.Weekday() == time.Saturday || c.RestDays[day]) {
		day = day.Add(1)
	}
	return day.At(chargeHour, 0, c.Zone)
}

// Today is the day that the instant now falls on in the studio.
func (c Calendar) Today(now time.Time) civil.Date { return civil.Of(now, c.Zone) }
