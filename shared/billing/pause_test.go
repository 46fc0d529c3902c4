package billing_test

import (
	"context"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// pause has a charge of a member of its own meet a wrong login.
func (s studio) pause(t *testing.T) id.Charge {
	t.Helper()
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "603"}
	}
	c := s.Charge(t, s.Member(t), 100)
	s.Execute(t, c)
	return c
}

func (s studio) connect(t *testing.T) {
	t.Helper()
	if _, err := s.Collector.Connect(context.Background(), s.Caller, billing.Connection{Provider: "cardcom", Terminal: billingtest.Terminal,
		Name: billingtest.APIName, Password: billingtest.APIPassword, Mode: "test"}); err != nil {
		t.Fatal(err)
	}
}

// nextStep is the case of a charge: its state, rung and next date.
func (s studio) nextStep(t *testing.T, c id.Charge) string {
	t.Helper()
	return postgrestest.Get[string](t, s.Database, "select concat_ws(' ', state, rung, to_char(next_at at time zone 'Asia/Jerusalem', 'MM-DD HH24:MI')) from dunning_cases where charge_id = $1", c)
}

// at is so many days after Start, at 09:00 in Israel.
func at(days int) time.Time { return billingtest.Start.Add(time.Hour).AddDate(0, 0, days) }

// Red while the ladder counted from the day the charge fell due: the charge was lost at its first try, and the rungs of
// the pause were taken or skipped, the texts due and access with them.
func TestTheLadderStandsStillWhileTheStudioIsPaused(t *testing.T) {
	t.Parallel()
	t.Run("a charge that is first tried after the pause begins its ladder then", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		first, untried := s.pause(t), s.Charge(t, s.Member(t), 24900)
		s.SetNow(t, at(20))
		s.connect(t)
		s.Provider.Answer = declines("004")
		s.Execute(t, first)
		s.Execute(t, untried)
		for _, c := range []id.Charge{first, untried} {
			if got := s.nextStep(t, c); got != "open 1 03-22 09:00" {
				t.Fatal(got)
			}
		}
	})
	t.Run("a charge without a card, too", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		c := s.Charge(t, s.Member(t), 24900)
		s.Exec(t, "update payment_methods set is_default = false")
		s.SetNow(t, at(20))
		if s.Execute(t, c); s.nextStep(t, c) != "waiting_method 1 03-22 09:00" {
			t.Fatal(s.nextStep(t, c))
		}
	})
	t.Run("one that is on a rung goes on from there", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Provider.Answer = declines("004")
		c := s.Charge(t, s.Member(t), 24900)
		s.Execute(t, c)
		s.SetNow(t, at(0).Add(time.Hour))
		s.pause(t)
		for day := range 30 { // over the beginning of summer time
			s.SetNow(t, at(day).Add(2*time.Hour))
			if n, err := s.Collector.DunOrg(context.Background(), s.Caller); err != nil || n != 0 {
				t.Fatalf("%d steps on day %d: %v", n, day, err)
			}
		}
		dc := postgrestest.Get[id.DunningCase](t, s.Database, "select id from dunning_cases")
		step := billing.DunningStep{CaseID: dc, Rung: 1}
		if err := s.Collector.RunDunningStep(context.Background(), s.Caller, step); err != nil || s.nextStep(t, c) != "open 1 03-02 09:00" {
			t.Fatalf("a step that was on its way was taken: %s, %v", s.nextStep(t, c), err)
		}
		s.connect(t)
		if got := s.nextStep(t, c); got != "open 1 03-31 09:00" {
			t.Fatal(got)
		}
		s.Provider.Answer = declines("004")
		s.SetNow(t, time.Date(2026, 3, 31, 6, 0, 0, 0, time.UTC))
		if err := s.Collector.RunDunningStep(context.Background(), s.Caller, step); err != nil {
			t.Fatal(err)
		}
		if s.Execute(t, c); s.nextStep(t, c) != "open 2 04-02 09:00" {
			t.Fatal(s.nextStep(t, c))
		}
	})
}

// Red with the dates of ladder.go written as they are: cards were charged on a Saturday morning, fifteen minutes after
// Friday's midnight, and when the owner repaired the connection on a holiday.
func TestNothingIsTriedOnADayOnWhichTheStudioDoesNotCharge(t *testing.T) {
	t.Parallel()
	friday := time.Date(2026, 3, 6, 7, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		now    time.Time
		onRest bool
		answer payment.Outcome
		next   string
	}{
		"a rung":                             {friday, false, soft, "open 1 03-08 09:00"},
		"a wait of what was not sent":        {friday.Add(14*time.Hour + 50*time.Minute), false, payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"}, "open 0 03-08 09:00"},
		"a holiday and the Saturday after":   {time.Date(2026, 5, 21, 7, 0, 0, 0, time.UTC), false, soft, "open 1 05-24 09:00"},
		"a studio that charges on every day": {friday, true, soft, "open 1 03-07 09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			s.Exec(t, "update orgs set charge_on_rest_days = $1", tc.onRest)
			s.SetNow(t, tc.now)
			s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return tc.answer }
			c := s.Charge(t, s.Member(t), 24900)
			if s.Execute(t, c); s.nextStep(t, c) != tc.next {
				t.Fatal(s.nextStep(t, c))
			}
		})
	}
	t.Run("the connection is repaired on a Saturday", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Exec(t, "update orgs set charge_on_rest_days = false")
		s.SetNow(t, friday)
		c := s.pause(t)
		s.SetNow(t, friday.AddDate(0, 0, 1))
		s.connect(t)
		jobs := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-execute-charge'")
		if jobs != 0 || s.nextStep(t, c) != "open 0 03-08 09:00" {
			t.Fatalf("%d jobs, %s", jobs, s.nextStep(t, c))
		}
		s.SetNow(t, friday.AddDate(0, 0, 2))
		s.Provider.Answer = declines("004")
		if s.Execute(t, c); s.nextStep(t, c) != "open 1 03-09 09:00" {
			t.Fatal(s.nextStep(t, c))
		}
	})
}
