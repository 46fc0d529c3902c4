package billing_test

import (
	"context"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
)

// saveCard has the member save a card that works.
func (s studio) saveCard(t *testing.T, m id.Member) {
	t.Helper()
	if err := s.Collector.CheckCardSession(context.Background(), s.Caller, billing.ProcessInboxEvent{CardSessionID: s.openPage(t, m)}); err != nil {
		t.Fatal(err)
	}
}

// Red while a hard decline left the card active: each of the payer's charges tried the stolen card anew.
func TestACardThatWillNotWorkAgainIsTriedForNothingElse(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.Provider.Answer = declines("002")
	m := s.Member(t)
	first, second := s.Charge(t, m, 24900), s.Charge(t, m, 100)
	s.Execute(t, first)
	s.Execute(t, second)
	waiting := postgrestest.Get[int](t, s.Database, "select count(*) from dunning_cases where state = 'waiting_method'")
	if s.Provider.Asked != 1 || waiting != 2 {
		t.Fatalf("asked %d times, %d charges wait for a card", s.Provider.Asked, waiting)
	}
	s.Provider.Answer = nil
	s.saveCard(t, m)
	s.Execute(t, first)
	s.Execute(t, second)
	if s.State(t, first) != "paid" || s.State(t, second) != "paid" {
		t.Fatalf("with a new card: %s, %s", s.State(t, first), s.State(t, second))
	}
}
