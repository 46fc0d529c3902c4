package billingapi_test

import (
	"context"
	"maps"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"fitkit/shared/billing"
	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

// fate is what becomes of a charge on its day.
type fate struct {
	answers []payment.Outcome // one for each message that asks for a try
	capture bool              // the provider takes the money whatever it answers
	counts  billing.DayCharges
	money   bool // the studio knows that it has it
}

var (
	approved = payment.Outcome{State: payment.Paid, Code: "000"}
	unsent   = payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"}
	fates    = map[string]fate{
		"approved":                       {answers: []payment.Outcome{approved}, counts: billing.DayCharges{FirstTry: 1}, money: true},
		"sent twice, approved once":      {answers: []payment.Outcome{approved, approved}, counts: billing.DayCharges{FirstTry: 1}, money: true},
		"not sent, then approved":        {answers: []payment.Outcome{unsent, approved}, counts: billing.DayCharges{FirstTry: 1}, money: true},
		"declined, then approved":        {answers: []payment.Outcome{declined, approved}, counts: billing.DayCharges{Recovered: 1}, money: true},
		"declined":                       {answers: []payment.Outcome{declined}, counts: billing.DayCharges{Declined: 1}},
		"declined twice":                 {answers: []payment.Outcome{declined, {State: payment.Declined, Code: "001"}}, counts: billing.DayCharges{Declined: 1}},
		"lost":                           {answers: []payment.Outcome{lost}, counts: billing.DayCharges{Unknown: 1}},
		"lost after the money was taken": {answers: []payment.Outcome{lost}, capture: true, counts: billing.DayCharges{Unknown: 1}},
		"not tried":                      {counts: billing.DayCharges{NotTried: 1}},
	}
)

func (f *fixture) live(t testing.TB, fate fate, amount int) {
	c := f.charge(t, f.A, f.memberWithCard(t, f.A), amount, 0)
	f.provider.Capture = fate.capture
	for _, answer := range fate.answers {
		f.answers(answer)
		f.Exec(t, "update dunning_cases set next_at = null where charge_id = $1", c) // its next step is now
		f.execute(t, f.A, c)
	}
}

// resolve asks once for each lost answer of the day.
func (f *fixture) resolve(t testing.TB, day civil.Date) {
	const unasked = "from payment_attempts where state = 'unknown' and lookups = 0 and business_at >= $1::date"
	for postgrestest.Get[int](t, f.Database, "select count(*) "+unasked, day.String()) > 0 {
		a := postgrestest.Get[id.Attempt](t, f.Database, "select id "+unasked+" limit 1", day.String())
		if err := f.collector.Resolve(context.Background(), tenancy.ForOrg(f.A.Org, "test"), billing.ResolveUnknown{AttemptID: a}); err != nil {
			t.Fatal(err)
		}
	}
}

// days is how many random days are lived: few on each change, many in a night.
func days() int {
	if os.Getenv("NIGHTLY") == "1" {
		return 300
	}
	return 12
}

func TestWhateverBecomesOfChargesTheDaysSumsAgree(t *testing.T) {
	f := newFixture(t)
	mix := rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(fates))), 4, 10)
	for seed := range days() {
		day := civil.New(2026, 3, 2+seed)
		f.Exec(t, "update orgs set test_now = $2::date + time '12:00' where id = $1", f.A.Org, day.String())
		var want billing.DayCharges
		var booked, taken money.Agorot
		found := 0
		for i, name := range mix.Example(seed) {
			fate, amount := fates[name], rapid.IntRange(1, 1_000_000).Example(100*seed+i)
			f.live(t, fate, amount)
			want = plus(want, fate.counts)
			if fate.money {
				booked += money.Agorot(amount)
			}
			if fate.capture {
				taken, found = taken+money.Agorot(amount), found+1
			}
		}
		f.check(t, day, want, booked)
		f.resolve(t, day)
		want.FirstTry, want.Unknown = want.FirstTry+found, want.Unknown-found
		f.check(t, day, want, booked+taken)
	}
}

// check: a day is proven when nothing of it is unknown, and its sums agree in any case.
func (f *fixture) check(t testing.TB, day civil.Date, want billing.DayCharges, sum money.Agorot) {
	t.Helper()
	p, err := f.collector.Proof(context.Background(), tenancy.ForOrg(f.A.Org, "test"), day)
	if err != nil {
		t.Fatal(err)
	}
	p.Charges.UnknownAge = 0
	if p.Charges != want || p.Proven() != (want.Unknown == 0) {
		t.Fatalf("%s: %+v, proven %v, want %+v: %v", day, p.Charges, p.Proven(), want, p.Differences)
	}
	if s := p.Sums; s.Attempts != sum || s.Payments != sum || s.Allocations != sum || s.Ledger != sum || s.Provider != sum {
		t.Fatalf("%s: %+v, want %s each", day, s, sum)
	}
}

func plus(a, b billing.DayCharges) billing.DayCharges {
	return billing.DayCharges{Due: a.Due + 1, FirstTry: a.FirstTry + b.FirstTry, Recovered: a.Recovered + b.Recovered, Declined: a.Declined + b.Declined,
		Unknown: a.Unknown + b.Unknown, NotTried: a.NotTried + b.NotTried}
}
