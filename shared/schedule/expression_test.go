package schedule_test

import (
	"testing"
	"time"

	"fitkit/shared/schedule"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestNextFiring(t *testing.T) {
	for name, tc := range map[string]struct{ expression, after, want string }{
		"each day in the studio's winter time":              {"cron(0 4 * * ? *)", "2026-11-23T10:00:00Z", "2026-11-24T02:00:00Z"},
		"each day in the studio's summer time":              {"cron(0 4 * * ? *)", "2026-07-01T10:00:00Z", "2026-07-02T01:00:00Z"},
		"a time that the clocks skip in spring is left out": {"cron(30 2 * * ? *)", "2026-03-26T12:00:00Z", "2026-03-27T23:30:00Z"},
		"a time that the clocks repeat fires first":         {"cron(30 1 * * ? *)", "2026-10-24T12:00:00Z", "2026-10-24T22:30:00Z"},
		"a time that the clocks repeat fires once":          {"cron(30 1 * * ? *)", "2026-10-24T22:30:00Z", "2026-10-25T23:30:00Z"},
		"every quarter of an hour":                          {"cron(0/15 * * * ? *)", "2026-11-23T10:01:00Z", "2026-11-23T10:15:00Z"},
		"working days by name":                              {"cron(0 8 ? * SUN-THU *)", "2026-11-26T10:00:00Z", "2026-11-29T06:00:00Z"},
		"the last day of the month":                         {"cron(0 0 L * ? *)", "2027-02-01T00:00:00Z", "2027-02-27T22:00:00Z"},
		"the last Friday of the month":                      {"cron(0 12 ? * 6L *)", "2026-11-23T00:00:00Z", "2026-11-27T10:00:00Z"},
		"the second Monday":                                 {"cron(0 12 ? * MON#2 *)", "2026-11-23T00:00:00Z", "2026-12-14T10:00:00Z"},
		"the working day nearest to the first":              {"cron(0 12 1W * ? *)", "2026-07-15T00:00:00Z", "2026-08-03T09:00:00Z"},
		"certain months and years":                          {"cron(0 0 1 JAN,JUL ? 2030/2)", "2026-11-23T00:00:00Z", "2029-12-31T22:00:00Z"},
		"a rate counts from 1970":                           {"rate(5 minutes)", "2026-11-23T10:01:00Z", "2026-11-23T10:05:00Z"},
		"a rate of one day":                                 {"rate(1 day)", "2026-11-23T10:01:00Z", "2026-11-24T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation("Asia/Jerusalem")
			if err != nil {
				t.Fatal(err)
			}
			e, err := schedule.Parse(tc.expression, zone)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := e.Next(instant(t, tc.after))
			if !ok || !got.Equal(instant(t, tc.want)) {
				t.Errorf("got %s, want %s", got.UTC(), tc.want)
			}
		})
	}
}

func TestAScheduleOfThePastNeverFires(t *testing.T) {
	e, err := schedule.Parse("cron(0 0 1 1 ? 2020)", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := e.Next(instant(t, "2026-11-23T00:00:00Z")); ok {
		t.Errorf("it fires at %s", at)
	}
}
