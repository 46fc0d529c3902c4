package billing_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

func declines(code string) func(payment.ChargeRequest) payment.Outcome {
	return func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Declined, Code: code}
	}
}

func TestExecute(t *testing.T) {
	t.Parallel()
	t.Run("an approved charge is paid, allocated and in the ledger, once", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		c := s.Charge(t, s.Member(t), 24900)
		s.Execute(t, c)
		s.Execute(t, c) // the message came twice
		if got := s.State(t, c); got != "paid" || s.Provider.Asked != 1 {
			t.Fatalf("state %s after %d requests", got, s.Provider.Asked)
		}
		lines := postgrestest.Get[string](t, s.Database, `select string_agg(account || ' ' || amount, ', ' order by account) from ledger_lines`)
		if lines != "clearing_card 24900, sales -21102, vat_output -3798" {
			t.Fatal(lines)
		}
	})
	t.Run("a soft decline opens a case for the next rung and leaves the charge due", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Provider.Answer = declines("004")
		c := s.Charge(t, s.Member(t), 100)
		s.Execute(t, c)
		next := postgrestest.Get[time.Time](t, s.Database, "select next_at from dunning_cases where state = 'open' and rung = 1")
		if want := time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC); s.State(t, c) != "due" || !next.Equal(want) {
			t.Fatalf("%s, next %s", s.State(t, c), next)
		}
	})
	t.Run("a wrong terminal password pauses the studio and counts no attempt", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
			return payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "603"}
		}
		c, other := s.Charge(t, s.Member(t), 100), s.Charge(t, s.Member(t), 200)
		s.Execute(t, c)
		s.Execute(t, other)
		if s.Provider.Asked != 1 || s.State(t, c) != "due" || s.State(t, other) != "due" {
			t.Fatalf("asked %d, %s, %s", s.Provider.Asked, s.State(t, c), s.State(t, other))
		}
		if n := postgrestest.Get[int](t, s.Database, "select count(*) from dunning_cases"); n != 0 {
			t.Fatalf("%d dunning cases for the studio's own mistake", n)
		}
		if g := postgrestest.Get[string](t, s.Database, "select state from gateways"); g != "misconfigured" {
			t.Fatal(g)
		}
	})
	t.Run("an answer that is lost after the money moved is found by its key and charged once", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Provider.Capture = true
		s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return payment.Outcome{Code: "no_answer"} }
		c := s.Charge(t, s.Member(t), 24900)
		s.Execute(t, c)
		s.Execute(t, c)
		if s.State(t, c) != "in_flight" || s.Provider.Asked != 1 {
			t.Fatalf("%s after %d requests", s.State(t, c), s.Provider.Asked)
		}
		s.resolve(t)
		if s.State(t, c) != "paid" || s.Provider.Asked != 1 {
			t.Fatalf("%s after %d requests", s.State(t, c), s.Provider.Asked)
		}
	})
	t.Run("what the provider never saw fails only after a day of asking, and is charged by a new attempt", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return payment.Outcome{Code: "no_answer"} }
		c := s.Charge(t, s.Member(t), 24900)
		s.Execute(t, c)
		for _, after := range []time.Duration{0, 30 * time.Second, 5 * time.Minute, time.Hour, 6 * time.Hour} {
			s.SetNow(t, billingtest.Start.Add(after))
			s.resolve(t)
			if s.State(t, c) != "in_flight" {
				t.Fatalf("%s after %s", s.State(t, c), after)
			}
		}
		s.SetNow(t, billingtest.Start.Add(24*time.Hour))
		s.resolve(t)
		s.SetNow(t, billingtest.Start.Add(24*time.Hour+15*time.Minute))
		s.Provider.Answer = nil
		s.Execute(t, c)
		if s.State(t, c) != "paid" || s.Provider.Asked != 2 {
			t.Fatalf("%s after %d requests", s.State(t, c), s.Provider.Asked)
		}
	})
	// Red without tooLate, and with a lease that does not count.
	for name, tc := range map[string]struct {
		slept int // seconds, in the claim
		want  string
	}{
		"a worker that slept before its call sends nothing, says so, and the charge comes back": {5, "failed not_sent, due, again in a quarter of an hour"},
		"one that slept beyond its lease writes nothing, and the sweep finds its attempt":       {9, "unknown lease_over, in_flight, not again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			c := s.Charge(t, s.Member(t), 100)
			s.Exec(t, fmt.Sprintf(`create function late() returns trigger language plpgsql as $$ begin perform pg_sleep(%d); return new; end $$`, tc.slept))
			s.Exec(t, `create trigger late before insert on payment_attempts for each row execute function late()`)
			s.Execute(t, c)
			s.Exec(t, "update payment_attempts set lease_until = now() - interval '1 second'")
			s.sweep(t)
			got := postgrestest.Get[string](t, s.Database, `select (select state || ' ' || code from payment_attempts) || ', ' || state || ', ' ||
				case when exists (select from dunning_cases where next_at = $1 and rung = 0) then 'again in a quarter of an hour' else 'not again' end from charges`, billingtest.Start.Add(15*time.Minute))
			if s.Provider.Asked != 0 || got != tc.want {
				t.Fatalf("%s after %d requests, want %s", got, s.Provider.Asked, tc.want)
			}
		})
	}
}

type studio struct{ *billingtest.Studio }

func (s studio) resolve(t testing.TB) {
	t.Helper()
	a := postgrestest.Get[id.Attempt](t, s.Database, "select id from payment_attempts where state = 'unknown'")
	if err := s.Collector.Resolve(context.Background(), s.Caller, billing.ResolveUnknown{AttemptID: a}); err != nil {
		t.Fatal(err)
	}
}
