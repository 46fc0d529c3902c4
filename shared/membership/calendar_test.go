package membership_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/membership"
	"fitkit/shared/postgres/postgrestest"
)

// many is how many cases one statement compares; the database answers with all its results in one text.
const many = 5000

func TestPeriodStartsAreTheSameInGoAndInTheDatabase(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	random := rand.New(rand.NewPCG(5, 31))
	starts, anchors, ks, want := make([]string, many), make([]int, many), make([]int, many), make([]string, many)
	for i := range many {
		start := civil.New(2023, 1, 1).Add(random.IntN(15 * 365))
		anchors[i], ks[i] = 1+random.IntN(31), random.IntN(240)
		starts[i], want[i] = start.String(), civil.PeriodStart(start, anchors[i], ks[i]).String()
	}
	got := strings.Split(postgrestest.Get[string](t, d, `
select string_agg(app.period_start(c.start_on, c.anchor, c.k)::text, ' ' order by c.n)
from unnest($1::date[], $2::int[], $3::int[]) with ordinality as c (start_on, anchor, k, n)`, starts, anchors, ks), " ")
	for i := range many {
		if got[i] != want[i] {
			t.Fatalf("period %d of %s with anchor %d: the database says %s, Go %s", ks[i], starts[i], anchors[i], got[i], want[i])
		}
	}
}

func TestChargeTimesAreTheSameInGoAndInTheDatabase(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	restDays := map[civil.Date]bool{}
	for text := range strings.SplitSeq(postgrestest.Get[string](t, d, `select string_agg(day::text, ' ') from rest_days`), " ") {
		restDays[day(t, text)] = true
	}
	if len(restDays) < 8 {
		t.Fatalf("the database knows %d rest days", len(restDays))
	}
	// Every day of three years: all rest days, rows of them, and both clock changes of each year are among them.
	for _, zone := range []string{"Asia/Jerusalem", "Europe/London", "America/New_York"} {
		for _, onRestDays := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s charging on rest days %v", zone, onRestDays), func(t *testing.T) {
				loc, err := time.LoadLocation(zone)
				if err != nil {
					t.Fatal(err)
				}
				c := membership.Calendar{Zone: loc, ChargeOnRestDays: onRestDays, RestDays: restDays}
				first, last := civil.New(2026, 1, 1), civil.New(2028, 12, 31)
				got := strings.Split(postgrestest.Get[string](t, d, `
select string_agg(extract(epoch from app.charge_time(d::date, $3, $4))::bigint::text, ' ' order by d)
from generate_series($1::date, $2::date, interval '1 day') d`, first.String(), last.String(), zone, onRestDays), " ")
				if len(got) != last.Sub(first)+1 {
					t.Fatalf("%d days", len(got))
				}
				for i, text := range got {
					at := c.ChargeTime(first.Add(i))
					if fmt.Sprint(at.Unix()) != text {
						t.Fatalf("%s: the database says %s, Go %d (%s)", first.Add(i), text, at.Unix(), at)
					}
				}
			})
		}
	}
}

func TestAHolidayNextToASaturdayMovesTheChargePastBoth(t *testing.T) {
	// Rosh Hashana 5787: Saturday 12 and Sunday 13 September 2026.
	c := membership.Calendar{Zone: jerusalem(t), RestDays: map[civil.Date]bool{day(t, "2026-09-12"): true, day(t, "2026-09-13"): true}}
	if got := c.ChargeTime(day(t, "2026-09-12")).Format(time.RFC3339); got != "2026-09-14T06:00:00Z" {
		t.Fatalf("charged at %s", got)
	}
}
