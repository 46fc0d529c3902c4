package billing_test

import (
	"context"
	"testing"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

// The guards that each alone would prevent a double charge, with every other guard out of the way. Each case has been
// seen red without its guard: the index payment_attempts_one_live dropped; the claim committed after the provider's call;
// the states taken out of sqlApprove.
func TestEachGuardHoldsByItself(t *testing.T) {
	t.Parallel()
	t.Run("a second attempt beside a live one is refused by the table, whatever the claim thinks of the charge", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		c := s.Charge(t, s.Member(t), 24900)
		if _, err := s.Collector.Claim(context.Background(), s.Caller, c); err != nil {
			t.Fatal(err)
		}
		s.unanswered(t)
		s.Exec(t, "update charges set state = 'due' where id = $1", c)
		if _, err := s.Collector.Claim(context.Background(), s.Caller, c); !postgres.Violates(err, "payment_attempts_one_live") {
			t.Fatalf("the second claim came to %v", err)
		}
	})
	// Red without the case in sqlClaim: the issuer was asked twice within a second, and a rung was lost.
	t.Run("a second job of a charge waits for the rung that the first one's answer set", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		s.Provider.Answer = declines("004")
		c := s.Charge(t, s.Member(t), 24900)
		for range 2 {
			if err := s.Collector.RetryCharge(context.Background(), s.Caller, c); err != nil {
				t.Fatal(err)
			}
		}
		s.Execute(t, c)
		s.Execute(t, c)
		if rung := postgrestest.Get[int](t, s.Database, "select rung from dunning_cases"); s.Provider.Asked != 1 || rung != 1 {
			t.Fatalf("asked %d times, rung %d", s.Provider.Asked, rung)
		}
	})
	t.Run("when the provider is called, sent is committed", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		state := ""
		s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
			state = postgrestest.Get[string](t, s.Database, "select state from payment_attempts")
			return payment.Outcome{State: payment.Paid, Code: "000"}
		}
		s.Execute(t, s.Charge(t, s.Member(t), 24900))
		if state != "sent" {
			t.Fatalf("it was %s", state)
		}
	})
	t.Run("an answer that is recorded twice, by the worker and by a look-up, is booked once", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		o := paid
		o.ProviderTxn = id.New[id.Event]().String()
		record, _ := sent(o)(t, s)
		for range 2 {
			if err := record(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if n := postgrestest.Get[int](t, s.Database, "select count(*) from payments"); n != 1 {
			t.Fatalf("%d payments", n)
		}
	})
}
