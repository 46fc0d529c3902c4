package billing

import (
	"testing"
	"time"

	"fitkit/shared/payment"
)

var israel = mustZone("Asia/Jerusalem")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// local is an instant by the wall clock of Israel.
func local(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, israel)
}

// due is a charge's ordinary time: Sunday 1 February 2026, 09:00 in Israel.
var due = local(time.February, 1, 9, 0)

func TestWhatARefusalLeadsTo(t *testing.T) {
	t.Parallel()
	type want struct {
		state      string
		rung       int
		transients int
		at         time.Time // zero: no date of its own
		one, pause bool
		kase       string
	}
	for name, tc := range map[string]struct {
		in   standing
		want want
	}{
		"a soft decline on the due day is tried again the next morning": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Now: due}, want{state: "open", rung: 1, at: local(2, 2, 9, 0)}},
		"the second rung is on the third day": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Rung: 1, Now: local(2, 2, 9, 1)}, want{state: "open", rung: 2, at: local(2, 4, 9, 0)}},
		"the third is on the sixth": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Rung: 2, Now: local(2, 4, 9, 1)}, want{state: "open", rung: 3, at: local(2, 7, 9, 0)}},
		"the fourth is on the tenth": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Rung: 3, Now: local(2, 7, 9, 1)}, want{state: "open", rung: 4, at: local(2, 11, 9, 0)}},
		"the fifth and last is on the fourteenth": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Rung: 4, Now: local(2, 11, 9, 1)}, want{state: "open", rung: 5, at: local(2, 15, 9, 0)}},
		"the last comes the morning after a fourth that came too late for it": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Rung: 4, Now: local(2, 15, 9, 1)}, want{state: "open", rung: 5, at: local(2, 16, 9, 0)}},
		"after the last the charge is lost": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Rung: 5, Now: local(2, 15, 9, 1)}, want{state: "lost", rung: 5}},
		"an answer that came days late skips the rungs that have passed": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Now: local(2, 5, 12, 0)}, want{state: "open", rung: 3, at: local(2, 7, 9, 0)}},
		"a rung that is now has passed": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Now: local(2, 2, 9, 0)}, want{state: "open", rung: 2, at: local(2, 4, 9, 0)}},
		"an answer after the whole ladder loses the charge at once": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, Now: local(3, 1, 9, 0)}, want{state: "lost", rung: 5}},

		"a hard decline waits for another card and still climbs": {
			standing{Class: payment.HardDecline, Code: "001", Known: true, Now: due}, want{state: "waiting_method", rung: 1, at: local(2, 2, 9, 0)}},
		"what the payer must do waits for them": {
			standing{Class: payment.PayerAction, Code: "006", Known: true, Now: due}, want{state: "waiting_method", rung: 1, at: local(2, 2, 9, 0)}},
		"a hard decline on the last rung loses the charge": {
			standing{Class: payment.HardDecline, Code: "001", Known: true, Rung: 5, Now: local(2, 15, 9, 1)}, want{state: "lost", rung: 5}},

		"instalments that are refused are tried once, if the plan allows it, as one payment, at once and on the same rung": {
			standing{Class: payment.TermsNotAllowed, Code: "138", Known: true, Rung: 1, Installments: 3, SinglePayment: true, Now: local(2, 2, 9, 1)}, want{state: "open", rung: 1, one: true}},
		"unless the plan was not sold with that": {
			standing{Class: payment.TermsNotAllowed, Code: "138", Known: true, Rung: 1, Installments: 3, Now: local(2, 2, 9, 1)}, want{state: "waiting_method", rung: 2, at: local(2, 4, 9, 0)}},
		"one payment that is refused for its terms waits for another card": {
			standing{Class: payment.TermsNotAllowed, Code: "138", Known: true, Installments: 1, Now: due}, want{state: "waiting_method", rung: 1, at: local(2, 2, 9, 0)}},

		"the studio's own mistake pauses it and uses up no rung": {
			standing{Class: payment.ConfigError, Code: "603", Known: true, Rung: 2, Now: local(2, 4, 9, 1)}, want{state: "open", rung: 2, pause: true}},

		"a refusal of the provider's own is soft once, and a person hears of it": {
			standing{Class: payment.ProviderRefusal, Code: "5033", Cards: 2, Now: due}, want{state: "open", rung: 1, at: local(2, 2, 9, 0), kase: "unmapped_code"}},
		"and waits for another card the second time": {
			standing{Class: payment.ProviderRefusal, Code: "5033", Cards: 1, UnknownOnce: true, Now: due}, want{state: "waiting_method", rung: 1, at: local(2, 2, 9, 0), kase: "unmapped_code"}},
		"three cards that meet it mean the terminal": {
			standing{Class: payment.ProviderRefusal, Code: "5033", Cards: 3, Rung: 2, Now: local(2, 4, 9, 1)}, want{state: "open", rung: 2, pause: true}},

		"what was never sent is tried again in a quarter of an hour, on the same rung": {
			standing{Class: payment.Transient, Code: "not_sent", Known: true, Rung: 1, Now: local(2, 2, 9, 1)},
			want{state: "open", rung: 1, transients: 1, at: local(2, 2, 9, 16)}},
		"then in an hour": {
			standing{Class: payment.Transient, Code: "not_sent", Known: true, Transients: 1, Now: local(2, 1, 9, 15)}, want{state: "open", transients: 2, at: local(2, 1, 10, 15)}},
		"then in six": {
			standing{Class: payment.Transient, Code: "not_sent", Known: true, Transients: 2, Now: local(2, 1, 10, 15)}, want{state: "open", transients: 3, at: local(2, 1, 16, 15)}},
		"and then on the next rung, where the waits begin anew": {
			standing{Class: payment.Transient, Code: "not_sent", Known: true, Transients: 3, Now: local(2, 1, 16, 15)}, want{state: "open", rung: 1, at: local(2, 2, 9, 0)}},

		"a request that the provider calls wrong is a person's question and not sent again by itself": {
			standing{Class: payment.InvalidRequest, Code: "037", Known: true, Now: due},
			want{state: "waiting_method", rung: 1, at: local(2, 2, 9, 0), kase: "unmapped_code"}},

		"003 may come once": {
			standing{Class: payment.SoftDecline, Code: "003", Known: true, Now: due}, want{state: "open", rung: 1, at: local(2, 2, 9, 0)}},
		"003 for the first time on a later rung may still be tried again": {
			standing{Class: payment.SoftDecline, Code: "003", Known: true, Rung: 2, Now: local(2, 4, 9, 1)}, want{state: "open", rung: 3, at: local(2, 7, 9, 0)}},
		"003 a second time means that the member must call": {
			standing{Class: payment.SoftDecline, Code: "003", Known: true, CodeBefore: true, Rung: 1, Now: local(2, 2, 9, 1)},
			want{state: "waiting_method", rung: 2, at: local(2, 4, 9, 0)}},
		"004 may come as often as there are rungs": {
			standing{Class: payment.SoftDecline, Code: "004", Known: true, CodeBefore: true, Rung: 1, Now: local(2, 2, 9, 1)}, want{state: "open", rung: 2, at: local(2, 4, 9, 0)}},

		"a code that nobody has listed is soft once, and a person hears of it": {
			standing{Class: payment.SoftDecline, Code: "999", Now: due}, want{state: "open", rung: 1, at: local(2, 2, 9, 0), kase: "unmapped_code"}},
		"a second unlisted code of the charge waits for another card": {
			standing{Class: payment.SoftDecline, Code: "998", UnknownOnce: true, Rung: 1, Now: local(2, 2, 9, 1)},
			want{state: "waiting_method", rung: 2, at: local(2, 4, 9, 0), kase: "unmapped_code"}},

		"rungs are at nine by the clock on the wall when summer time begins on the way": {
			standing{DueAt: local(3, 25, 9, 0), Class: payment.SoftDecline, Code: "004", Known: true, Now: local(3, 26, 9, 1), Rung: 1},
			want{state: "open", rung: 2, at: time.Date(2026, 3, 28, 6, 0, 0, 0, time.UTC)}}, // clocks went forward on the 27th: 09:00 is 06:00 UTC, not 07:00
		"and when it ends on the way": {
			standing{DueAt: local(10, 22, 9, 0), Class: payment.SoftDecline, Code: "004", Known: true, Now: local(10, 23, 9, 1), Rung: 1},
			want{state: "open", rung: 2, at: time.Date(2026, 10, 25, 7, 0, 0, 0, time.UTC)}},
		"a charge that fell due late in the evening counts from that day, not from the next of UTC": {
			standing{DueAt: local(2, 1, 0, 30), Class: payment.SoftDecline, Code: "004", Known: true, Now: local(2, 1, 0, 31)},
			want{state: "open", rung: 1, at: local(2, 2, 9, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Zone = israel
			if tc.in.DueAt.IsZero() {
				tc.in.DueAt = due
			}
			n := next(tc.in)
			got := want{state: n.State, rung: n.Rung, transients: n.Transients, one: n.OnePayment, pause: n.Pause, kase: n.Case}
			if n.At != nil {
				got.at = *n.At
			}
			if !got.at.Equal(tc.want.at) {
				t.Errorf("at %s, not %s", got.at.In(israel), tc.want.at.In(israel))
			}
			if got.at = tc.want.at; got != tc.want {
				t.Errorf("%+v, not %+v", got, tc.want)
			}
		})
	}
}

func TestTheLadderHasSixTriesWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	for name, class := range map[string]payment.Class{"soft": payment.SoftDecline, "hard": payment.HardDecline} {
		s := standing{DueAt: due, Now: due, Zone: israel, Class: class, Code: "004", Known: true}
		tries := 1
		for n := next(s); n.State != "lost"; n = next(s) {
			s.Rung, s.Now = n.Rung, *n.At
			tries++
		}
		if tries != 6 {
			t.Errorf("%s: %d tries", name, tries)
		}
	}
}

// Red with ladder[rung] for every rung; with the farther of both days; and with the window's ends in it.
func TestTheFourthTryWaitsForTheSalary(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ due, want time.Time }{
		"the tenth day is an 11th":                             {local(2, 1, 9, 0), local(2, 11, 9, 0)},
		"the tenth day is a 12th, so the try is a day earlier": {local(2, 2, 9, 0), local(2, 11, 9, 0)},
		"two days earlier is the earliest":                     {local(2, 3, 9, 0), local(2, 11, 9, 0)},
		"the day after the third try is too early":             {local(2, 4, 9, 0), local(2, 14, 9, 0)},
		"nothing to wait for in the middle of a month":         {local(2, 15, 9, 0), local(2, 25, 9, 0)},
		"the day of the last try is too late":                  {local(4, 26, 9, 0), local(5, 6, 9, 0)},
		"the 10th is three days later":                         {local(4, 27, 9, 0), local(5, 10, 9, 0)},
		"the tenth day is a 10th":                              {local(4, 30, 9, 0), local(5, 10, 9, 0)},
		"a charge of midnight falls due on the studio's day":   {local(2, 3, 0, 30), local(2, 11, 9, 0)},
		"the 10th is two days later":                           {local(3, 29, 9, 0), local(4, 10, 9, 0)},
	} {
		if got := rungAt(tc.due.UTC(), salaryRung, israel); !got.Equal(tc.want) {
			t.Errorf("%s: %s, not %s", name, got.In(israel), tc.want)
		}
	}
}
