package civil

import (
	"testing"
	"time"
	_ "time/tzdata" // so that the zones are known on a machine without them

	"fitkit/shared/vectors"
)

type calendarVectors struct {
	Count int
	Cases []calendarCase
}

type calendarCase struct {
	ID, Category, Zone, Local, Expect, Result string
	UTC                                       []time.Time
	Transition                                time.Time `json:"transition_utc"`
	Hours                                     float64
	Months                                    int
}

func TestCalendarVectors(t *testing.T) {
	set := vectors.Load[calendarVectors](t, "timezone_dst.json")
	if len(set.Cases) == 0 || len(set.Cases) != set.Count {
		t.Fatalf("%d cases, want %d", len(set.Cases), set.Count)
	}
	for _, tc := range set.Cases {
		t.Run(tc.ID+" "+tc.Zone+" "+tc.Local, func(t *testing.T) {
			loc, err := time.LoadLocation(tc.Zone)
			if err != nil {
				t.Fatal(err)
			}
			switch tc.Expect {
			case "unique", "ambiguous":
				wantInstant(t, tc.Local, loc, tc.UTC[0])
			case "nonexistent":
				wantInstant(t, tc.Local, loc, tc.Transition)
			case "length":
				wantDay(t, tc, loc)
			case "date":
				d := parse(t, tc.Local)
				if got := PeriodStart(d, d.Day, tc.Months).String(); got != tc.Result {
					t.Fatalf("%d months later is %s, want %s", tc.Months, got, tc.Result)
				}
			default:
				t.Fatalf("the test does not know the expectation %q", tc.Expect)
			}
		})
	}
}

func wantInstant(t *testing.T, local string, loc *time.Location, want time.Time) {
	t.Helper()
	wall, err := time.Parse("2006-01-02T15:04", local)
	if err != nil {
		t.Fatal(err)
	}
	got := Of(wall, time.UTC).At(wall.Hour(), wall.Minute(), loc)
	if !got.Equal(want) || got.Location() != time.UTC {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func wantDay(t *testing.T, tc calendarCase, loc *time.Location) {
	t.Helper()
	d := parse(t, tc.Local)
	start, end := d.Start(loc), d.Add(1).Start(loc)
	if !start.Equal(tc.UTC[0]) || !end.Equal(tc.UTC[1]) || end.Sub(start).Hours() != tc.Hours {
		t.Fatalf("[%s, %s), %v; want [%s, %s), %v h", start, end, end.Sub(start), tc.UTC[0], tc.UTC[1], tc.Hours)
	}
}

func parse(t *testing.T, text string) Date {
	t.Helper()
	d, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
