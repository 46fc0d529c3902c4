package membership_test

import (
	"errors"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // so that the zones are known on a machine without them

	"pgregory.net/rapid"

	"fitkit/shared/civil"
	"fitkit/shared/membership"
	"fitkit/shared/money"
)

func jerusalem(t interface{ Fatal(...any) }) *time.Location {
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func day(t *testing.T, text string) civil.Date {
	t.Helper()
	if text == "" {
		return civil.Date{}
	}
	d, err := civil.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func onSale(plan membership.Type, terms membership.Terms, c membership.Calendar) membership.Offer {
	return membership.Offer{Plan: membership.Plan{Name: "חופשי", Type: plan, Status: membership.Published},
		Version: &membership.Version{Terms: terms}, Calendar: c}
}

var (
	yearly    = membership.Terms{Price: 24900, PayMode: membership.Monthly, TermMonths: 12}
	recurring = membership.Terms{Price: 24900, PayMode: membership.Monthly}
)

func TestQuote(t *testing.T) {
	const morning = "2026-01-31T06:30:00Z" // 08:30 in Jerusalem, a Saturday
	for name, tc := range map[string]struct {
		plan            membership.Type
		terms           membership.Terms
		start           string
		restDays        bool // the studio charges on rest days
		dates           []string
		termEnd         string
		expires         string
		total, dueNow   money.Agorot
		state           membership.State
		entries         int
		text, hebrew    string
		chargedByTheRun bool
	}{
		"a month without end starts today and is paid at once, on a rest day too": {
			plan: membership.Recurring, terms: recurring, dates: []string{morning, "2026-03-01T07:00:00Z", "2026-03-31T06:00:00Z"}, // Saturday the 28th moves, the clocks change on the 27th
			dueNow: 24900, state: membership.PendingPayment, chargedByTheRun: true,
			text:   "249.00 ILS every month. From 31 January 2026. It continues until you cancel. First charge on 31 January 2026.",
			hebrew: "249.00 ₪ בכל חודש. החל מ-31.1.2026. מתחדש עד לביטול. החיוב הראשון ב-31.1.2026."},
		"a studio that charges on rest days does not move the day": {
			plan: membership.Recurring, terms: recurring, restDays: true, dates: []string{morning, "2026-02-28T07:00:00Z", "2026-03-31T06:00:00Z"},
			dueNow: 24900, state: membership.PendingPayment, chargedByTheRun: true,
			text:   "249.00 ILS every month. From 31 January 2026. It continues until you cancel. First charge on 31 January 2026.",
			hebrew: "249.00 ₪ בכל חודש. החל מ-31.1.2026. מתחדש עד לביטול. החיוב הראשון ב-31.1.2026."},
		"a year from the 31st is charged by its anchor and ends on it": {
			plan: membership.FixedTerm, terms: yearly, start: "2026-03-31", dates: []string{"2026-03-31T06:00:00Z", "2026-04-30T06:00:00Z", "2026-05-31T06:00:00Z"},
			termEnd: "2027-03-31", total: 298800, state: membership.PendingPayment, chargedByTheRun: true,
			text:   "12 monthly charges of 249.00 ILS, 2988.00 ILS in all. From 31 March 2026 to 30 March 2027. First charge on 31 March 2026.",
			hebrew: "12 חיובים חודשיים של 249.00 ₪, בסך הכול 2988.00 ₪. מ-31.3.2026 עד 30.3.2027. החיוב הראשון ב-31.3.2026."},
		"a start a month back owes its first month now and the next at its time": {
			plan: membership.Recurring, terms: recurring, start: "2025-12-31", dates: []string{morning, "2026-02-01T07:00:00Z", "2026-03-01T07:00:00Z"},
			dueNow: 24900, state: membership.PendingPayment, chargedByTheRun: true,
			text:   "249.00 ILS every month. From 31 December 2025. It continues until you cancel. First charge on 31 January 2026.",
			hebrew: "249.00 ₪ בכל חודש. החל מ-31.12.2025. מתחדש עד לביטול. החיוב הראשון ב-31.1.2026."},
		"a term of one month has one charge": {
			plan: membership.FixedTerm, terms: membership.Terms{Price: 30000, PayMode: membership.Monthly, TermMonths: 1}, dates: []string{morning},
			termEnd: "2026-02-28", total: 30000, dueNow: 30000, state: membership.PendingPayment, chargedByTheRun: true,
			text:   "One charge of 300.00 ILS. From 31 January 2026 to 27 February 2026. First charge on 31 January 2026.",
			hebrew: "חיוב אחד של 300.00 ₪. מ-31.1.2026 עד 27.2.2026. החיוב הראשון ב-31.1.2026."},
		"installments at the card company are one charge": {
			plan: membership.FixedTerm, terms: membership.Terms{Price: 240000, PayMode: membership.IssuerInstallments, TermMonths: 12, Installments: 10},
			start: "2026-02-15", dates: []string{morning}, termEnd: "2027-02-15", total: 240000, dueNow: 240000, state: membership.PendingPayment,
			text:   "2400.00 ILS in 10 payments at your card company. From 15 February 2026 to 14 February 2027. First charge on 31 January 2026.",
			hebrew: "2400.00 ₪ ב-10 תשלומים בחברת האשראי. מ-15.2.2026 עד 14.2.2027. החיוב הראשון ב-31.1.2026."},
		"installments that may become one payment are said to the buyer": {
			plan: membership.FixedTerm, terms: membership.Terms{Price: 240000, PayMode: membership.IssuerInstallments, TermMonths: 12, Installments: 10, SinglePayment: true},
			start: "2026-02-15", dates: []string{morning}, termEnd: "2027-02-15", total: 240000, dueNow: 240000, state: membership.PendingPayment,
			text:   "2400.00 ILS in 10 payments at your card company, or at once if it refuses them. From 15 February 2026 to 14 February 2027. First charge on 31 January 2026.",
			hebrew: "2400.00 ₪ ב-10 תשלומים בחברת האשראי, ואם היא מסרבת – בתשלום אחד. מ-15.2.2026 עד 14.2.2027. החיוב הראשון ב-31.1.2026."},
		"a pack is paid at once and expires": {
			plan: membership.Pack, terms: membership.Terms{Price: 60000, PayMode: membership.Upfront, Entries: 10, ValidityDays: 90}, dates: []string{morning},
			expires: "2026-05-01", total: 60000, dueNow: 60000, state: membership.PendingPayment, entries: 10,
			text:   "One charge of 600.00 ILS. Valid from 31 January 2026 to 30 April 2026. First charge on 31 January 2026.",
			hebrew: "חיוב אחד של 600.00 ₪. בתוקף מ-31.1.2026 עד 30.4.2026. החיוב הראשון ב-31.1.2026."},
		"a free trial is active at once": {
			plan: membership.Trial, terms: membership.Terms{PayMode: membership.Upfront, ValidityDays: 7}, expires: "2026-02-07", state: membership.Active,
			text: "No charge. Valid from 31 January 2026 to 6 February 2026.", hebrew: "ללא תשלום. בתוקף מ-31.1.2026 עד 6.2.2026."},
		"a free month is never charged": {
			plan: membership.Recurring, terms: membership.Terms{PayMode: membership.Monthly}, state: membership.Active,
			text: "No charge. From 31 January 2026. It continues until you cancel.", hebrew: "ללא תשלום. החל מ-31.1.2026. מתחדש עד לביטול."},
		"a drop-in is one entry": {
			plan: membership.DropIn, terms: membership.Terms{Price: 7000, PayMode: membership.Upfront}, dates: []string{morning}, total: 7000, dueNow: 7000,
			state: membership.PendingPayment, entries: 1, text: "One charge of 70.00 ILS. From 31 January 2026. First charge on 31 January 2026.",
			hebrew: "חיוב אחד של 70.00 ₪. החל מ-31.1.2026. החיוב הראשון ב-31.1.2026."},
		"a partner's member is active and not charged": {
			plan: membership.External, terms: membership.Terms{PayMode: membership.NoPay}, state: membership.Active,
			text: "No charge. From 31 January 2026.", hebrew: "ללא תשלום. החל מ-31.1.2026."},
	} {
		t.Run(name, func(t *testing.T) {
			now := instant(t, morning)
			q, err := onSale(tc.plan, tc.terms, membership.Calendar{Zone: jerusalem(t), ChargeOnRestDays: tc.restDays}).Quote(day(t, tc.start), now)
			if err != nil {
				t.Fatal(err)
			}
			var dates []string
			for _, c := range q.Charges(3) {
				dates = append(dates, c.At.Format(time.RFC3339))
			}
			if !slices.Equal(dates, tc.dates) {
				t.Errorf("charged at %v, want %v", dates, tc.dates)
			}
			if q.TermEnd != day(t, tc.termEnd) || q.ExpiresOn != day(t, tc.expires) {
				t.Errorf("ends %s, expires %s", q.TermEnd, q.ExpiresOn)
			}
			if q.Total != tc.total || q.DueNow() != tc.dueNow || q.State() != tc.state || q.Entries() != tc.entries {
				t.Errorf("total %s, due now %s, %s, %d entries", q.Total, q.DueNow(), q.State(), q.Entries())
			}
			if at := q.NextChargeAt(); (at != nil) != tc.chargedByTheRun || at != nil && at.Format(time.RFC3339) != tc.dates[0] {
				t.Errorf("the billing run charges at %v", at)
			}
			if q.English() != tc.text || q.Hebrew() != tc.hebrew {
				t.Errorf("it reads\n%s\n%s", q.English(), q.Hebrew())
			}
		})
	}
}

func TestWhatIsNotSold(t *testing.T) {
	draft, unversioned, retired := onSale(membership.Recurring, recurring, membership.Calendar{}), onSale(membership.Recurring, recurring, membership.Calendar{}), onSale(membership.Recurring, recurring, membership.Calendar{})
	draft.Plan.Status, retired.Plan.Status, unversioned.Version = membership.Draft, membership.Retired, nil
	good := onSale(membership.Recurring, recurring, membership.Calendar{})
	for name, tc := range map[string]struct {
		offer membership.Offer
		start string
		want  error
	}{
		"a draft":                           {draft, "", membership.ErrPlanNotForSale},
		"a retired plan":                    {retired, "", membership.ErrPlanNotForSale},
		"a plan without a version of today": {unversioned, "", membership.ErrNoVersion},
		"twelve months ahead is sold":       {good, "2027-01-31", nil},
		"a day more is too far ahead":       {good, "2027-02-01", membership.ErrStartTooFarAhead},
		"31 days back is sold":              {good, "2025-12-31", nil},
		"32 days back is too far":           {good, "2025-12-30", membership.ErrStartTooFarBack},
	} {
		t.Run(name, func(t *testing.T) {
			tc.offer.Calendar.Zone = jerusalem(t)
			// 22:30 in London on the 30th is the 31st in Jerusalem: the studio's day counts.
			if _, err := tc.offer.Quote(day(t, tc.start), instant(t, "2026-01-30T22:30:00Z")); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestAFixedTermsChargesTileItAndSumToItsTotal(t *testing.T) {
	zone := jerusalem(t)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 4*365*24*60).Draw(t, "minute")) * time.Minute)
		c := membership.Calendar{Zone: zone, ChargeOnRestDays: rapid.Bool().Draw(t, "charges on rest days")}
		terms := membership.Terms{Price: money.Agorot(rapid.IntRange(1, 200000).Draw(t, "price")), PayMode: membership.Monthly,
			TermMonths: rapid.IntRange(1, 60).Draw(t, "months")}
		start := c.Today(now).Add(rapid.OneOf(rapid.IntRange(-31, 365), rapid.IntRange(-31, -27)).Draw(t, "start"))
		q, err := onSale(membership.FixedTerm, terms, c).Quote(start, now)
		if err != nil {
			t.Fatal(err)
		}
		charges := q.Charges(1000)
		if len(charges) != terms.TermMonths || charges[0].Period.From != start || charges[len(charges)-1].Period.To != q.TermEnd {
			t.Fatalf("%d charges from %s to %s, want %d from %s to %s", len(charges), charges[0].Period, charges[len(charges)-1].Period, terms.TermMonths, start, q.TermEnd)
		}
		var sum, dueNow money.Agorot
		for k, d := range charges {
			sum += d.Amount
			if !d.At.After(now) {
				dueNow += d.Amount
			}
			if d.At.Before(now) || k > 0 && (d.Period.From != charges[k-1].Period.To || d.At.Before(charges[k-1].At)) {
				t.Fatalf("charge %d is for %s at %s after %v", k, d.Period, d.At, charges[max(k-1, 0)])
			}
			if d.At.After(now) && (d.At.In(zone).Hour() != 9 || !c.ChargeOnRestDays && d.At.In(zone).Weekday() == time.Saturday) {
				t.Fatalf("charge %d runs at %s", k, d.At.In(zone))
			}
		}
		if sum != terms.Price*money.Agorot(terms.TermMonths) || sum != q.Total || dueNow != q.DueNow() || sum != q.Lines[0].Amount {
			t.Fatalf("sum %s, total %s, due now %s and %s", sum, q.Total, dueNow, q.DueNow())
		}
	})
}
