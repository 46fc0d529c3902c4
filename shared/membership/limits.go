package membership

import (
	"slices"
	"time"

	"fitkit/shared/fail"
)

// Limits is when and how often a membership lets its holder in; the zero value sets none. Weeks start on Sunday and
// hours are the studio's (R31).
type Limits struct {
	PerDay   int    `json:"per_day,omitempty" minimum:"1" maximum:"20"`
	PerWeek  int    `json:"per_week,omitempty" minimum:"1" maximum:"100"`
	PerMonth int    `json:"per_month,omitempty" minimum:"1" maximum:"400"`
	Weekdays []int  `json:"weekdays,omitempty" nullable:"false" minItems:"1" maxItems:"7" enum:"0,1,2,3,4,5,6" doc:"0 is Sunday; without it, every day"`
	From     string `json:"from,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM; classes that start at or after it"`
	Until    string `json:"until,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM; classes that start before it"`
}

// wrong is the fields that contradict each other or make no sense.
func (l Limits) wrong() (fields []fail.Field) {
	say := func(field, message, hebrew string) {
		fields = append(fields, fail.At("body.limits."+field, message, hebrew))
	}
	if l.PerDay != 0 && l.PerWeek != 0 && l.PerDay > l.PerWeek {
		say("per_day", "must not exceed per_week", "לא יעלה על per_week")
	}
	if l.PerMonth != 0 && max(l.PerDay, l.PerWeek) > l.PerMonth {
		say("per_month", "must not be less than per_day or per_week", "לא יפחת מ-per_day או מ-per_week")
	}
	if slices.ContainsFunc(l.Weekdays, func(d int) bool { return d < int(time.Sunday) || d > int(time.Saturday) }) {
		say("weekdays", "must be 0 (Sunday) to 6 (Saturday)", "חייב להיות בין 0 (יום ראשון) ל-6 (שבת)")
	}
	// Not by uniqueItems in the schema: huma's check of it panics when an item is an object or a list.
	if len(slices.Compact(slices.Sorted(slices.Values(l.Weekdays)))) < len(l.Weekdays) {
		say("weekdays", "must name each day once", "כל יום מופיע פעם אחת")
	}
	if l.From != "" && l.Until != "" && l.From >= l.Until { // HH:MM sorts as it reads
		say("until", "must be later than from", "חייב להיות מאוחר מ-from")
	}
	return fields
}
