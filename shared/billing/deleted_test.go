package billing_test

import (
	"context"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// A studio may be deleted at Clerk while a charge is at the provider. Red while nobody could enter a deleted studio: the money had
// moved, and was in no book, no look-up and no alarm.
func TestMoneyUnderWayIsSettledInADeletedStudio(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	books := func(t *testing.T, s studio) string {
		return postgrestest.Get[string](t, s.Database, "select (select count(*) from payments) || ' payments, ' || (select string_agg(state, ',') from payment_attempts)")
	}
	t.Run("what the provider approves is recorded", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		a, err := s.Collector.Claim(ctx, s.Caller, s.Charge(t, s.Member(t), 24900))
		if err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "update orgs set status = 'deleted'")
		if err := s.Collector.Record(ctx, s.Caller, a, payment.Outcome{State: payment.Paid, ProviderTxn: "t1", Code: "000", Amount: 24900}); err != nil {
			t.Fatal(err)
		}
		if got := books(t, s); got != "1 payments, approved" {
			t.Error(got)
		}
	})
	t.Run("what nobody recorded is found by the sweep", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		if _, err := s.Collector.Claim(ctx, s.Caller, s.Charge(t, s.Member(t), 24900)); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "update orgs set status = 'deleted'")
		s.Exec(t, "update payment_attempts set lease_until = now() - interval '1 second'")
		if n, err := billing.NewSweeper(s.System, s.DB).Sweep(ctx); err != nil || n == 0 {
			t.Fatalf("swept %d (%v)", n, err)
		}
		if got := books(t, s); got != "0 payments, unknown" {
			t.Error(got)
		}
	})
	t.Run("and nothing new is begun", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		c := s.Charge(t, s.Member(t), 24900)
		s.Exec(t, "update orgs set status = 'deleted'")
		if _, err := s.Collector.Claim(ctx, s.Caller, c); err == nil || err.Error() != "paused" {
			t.Errorf("claimed: %v", err)
		}
	})
}
