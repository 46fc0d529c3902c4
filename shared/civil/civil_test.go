package civil

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPeriodsGoBackToTheirAnchor(t *testing.T) {
	for name, tc := range map[string]struct {
		month0 string
		anchor int
		starts []string
	}{
		"the 31st in a common year":      {"2026-01-31", 31, []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"}},
		"the 29th in a common February":  {"2027-01-29", 29, []string{"2027-01-29", "2027-02-28", "2027-03-29"}},
		"the 29th in a leap February":    {"2028-01-29", 29, []string{"2028-01-29", "2028-02-29", "2028-03-29"}},
		"the 30th over the year's end":   {"2026-12-30", 30, []string{"2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"}},
		"a month0 whose day is not used": {"2026-01-15", 31, []string{"2026-01-31", "2026-02-28"}},
	} {
		t.Run(name, func(t *testing.T) {
			for k, want := range tc.starts {
				if got := PeriodStart(parse(t, tc.month0), tc.anchor, k); got.String() != want {
					t.Errorf("period %d starts on %s, want %s", k, got, want)
				}
			}
		})
	}
}

func anyCycle(t *rapid.T) Cycle {
	day0 := New(2024, 1, 1).Add(rapid.IntRange(0, 3650).Draw(t, "day0"))
	return Cycle{Month0: day0, AnchorDay: rapid.IntRange(1, 31).Draw(t, "anchor")}
}

func TestPeriodsTileTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, k := anyCycle(t), rapid.IntRange(-240, 240).Draw(t, "k")
		p, next := c.Period(k), c.Period(k+1)
		if p.To != next.From || p.Days() < 28 || p.Days() > 31 {
			t.Fatalf("%s is followed by %s", p, next)
		}
		months := 12*(p.From.Year-c.Month0.Year) + int(p.From.Month-c.Month0.Month)
		lastDay := p.From.Add(1).Month != p.From.Month
		if months != k || (p.From.Day != c.AnchorDay && !(lastDay && p.From.Day < c.AnchorDay)) {
			t.Fatalf("period %d of anchor %d starts on %s", k, c.AnchorDay, p.From)
		}
		d := p.From.Add(rapid.IntRange(0, p.Days()-1).Draw(t, "day"))
		if !p.Contains(d) || next.Contains(d) || c.Index(d) != k {
			t.Fatalf("%s: is in period %d, Index says %d", d, k, c.Index(d))
		}
	})
}

func TestEveryLocalTimeComesOnceAndInOrder(t *testing.T) {
	for _, zone := range []string{"Asia/Jerusalem", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut", "UTC"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for d := New(2010, 1, 1); d.Year < 2020; d = d.Add(1) {
			start := d.Start(loc)
			if Of(start, loc) != d || Of(start.Add(-time.Nanosecond), loc) == d {
				t.Fatalf("%s: %s is not the first instant of %s", zone, start, d)
			}
			if noon := d.At(12, 0, loc).In(loc); noon.Hour() != 12 || Of(noon, loc) != d {
				t.Fatalf("%s: noon of %s is %s", zone, d, noon)
			}
		}
	}
}

func TestASkippedMidnightStartsTheDayWhenTheClocksChange(t *testing.T) {
	loc, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := New(2018, 11, 4).Start(loc), time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestDatesSurviveTextJSONAndTheDatabase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := New(1900, 1, 1).Add(rapid.IntRange(0, 200_000).Draw(t, "days"))
		var fromJSON, fromText, fromTime, fromBytes Date
		encoded, err := json.Marshal(d)
		if err != nil || json.Unmarshal(encoded, &fromJSON) != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		value, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		errs := errors.Join(fromText.Scan(value), fromTime.Scan(d.utc()), fromBytes.Scan([]byte(d.String())))
		if errs != nil || fromJSON != d || fromText != d || fromTime != d || fromBytes != d {
			t.Fatalf("%s came back as %s, %s, %s, %s: %v", d, fromJSON, fromText, fromTime, fromBytes, errs)
		}
		n := rapid.IntRange(-100_000, 100_000).Draw(t, "n")
		if d.Add(n).Sub(d) != n || d.Add(n).Before(d) != (n < 0) || d.Add(n).After(d) != (n > 0) {
			t.Fatalf("%s and %d days", d, n)
		}
	})
}

func TestNoDateIsNULLAndNoText(t *testing.T) {
	var d Date
	if value, err := d.Value(); value != nil || err != nil || !d.IsZero() {
		t.Fatalf("%v, %v", value, err)
	}
	d = New(2026, 1, 1)
	if err := d.Scan(nil); err != nil || !d.IsZero() {
		t.Fatalf("NULL was read as %s, %v", d, err)
	}
	if _, err := d.MarshalText(); !errors.Is(err, ErrDate) {
		t.Fatalf("got %v", err)
	}
	for name, bad := range map[string]any{
		"a day that February lacks": "2026-02-29", "one digit": "2026-2-1", "a time": "2026-02-01T00:00:00Z",
		"a blank": " 2026-02-01", "nothing": "", "words": "tomorrow", "infinity": "infinity", "a number": 20260201,
	} {
		if err := new(Date).Scan(bad); !errors.Is(err, ErrDate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
