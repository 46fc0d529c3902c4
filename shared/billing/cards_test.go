package billing_test

import (
	"context"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
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

// TestAGoodCardOnFileIsTried: each case was red by itself, its charge waiting for a card that was there, until the ladder
// lost it: without inherit's chargeWaiting, without tryUntriedCard after a step, without hasUntriedCard in a rung, and with
// sqlWaiting looking at open cases alone.
func TestAGoodCardOnFileIsTried(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(t *testing.T, s studio, m id.Member) id.Charge{
		"the default was blocked and is removed, and another takes its place": func(t *testing.T, s studio, m id.Member) id.Charge {
			bad := postgrestest.Get[id.PaymentMethod](t, s.Database, "select id from payment_methods where member_id = $1", m)
			s.saveCard(t, m)
			s.Exec(t, "update payment_methods set is_default = false")
			s.Exec(t, "update payment_methods set is_default = true where id = $1", bad)
			c := s.Charge(t, m, 24900)
			s.Provider.Answer = declines("002")
			s.Execute(t, c)
			if _, err := s.Collector.RemoveMethod(context.Background(), s.Caller, bad); err != nil {
				t.Fatal(err)
			}
			return c
		},
		"it was saved while the old one's attempt was in flight": func(t *testing.T, s studio, m id.Member) id.Charge {
			c := s.Charge(t, m, 24900)
			a, err := s.Collector.Claim(context.Background(), s.Caller, c)
			if err == nil {
				err = s.Collector.MarkSent(context.Background(), s.Caller, a)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.saveCard(t, m)
			if err := s.Collector.Record(context.Background(), s.Caller, a, payment.Outcome{State: payment.Declined, Code: "001"}); err != nil {
				t.Fatal(err)
			}
			return c
		},
		"it was saved between the claim that found none and the case": func(t *testing.T, s studio, m id.Member) id.Charge {
			c := s.Charge(t, m, 24900)
			if err := s.Collector.WaitForMethod(context.Background(), s.Caller, c); err != nil {
				t.Fatal(err)
			}
			return c
		},
		"a rung finds it though nobody told": func(t *testing.T, s studio, m id.Member) id.Charge {
			c := s.Charge(t, m, 24900)
			dc := id.New[id.DunningCase]()
			s.Exec(t, `insert into dunning_cases (org_id, id, charge_id, member_id, state, rung, next_at, opened_at) values ($1, $2, $3, $4, 'waiting_method', 1, $5, $5)`,
				s.Org, dc, c, m, billingtest.Start)
			if err := s.Collector.RunDunningStep(context.Background(), s.Caller, billing.DunningStep{CaseID: dc, Rung: 1}); err != nil {
				t.Fatal(err)
			}
			return c
		},
		"the ladder was at its end, and a new card gives the access back": func(t *testing.T, s studio, m id.Member) id.Charge {
			c := s.Charge(t, m, 24900)
			s.Exec(t, "update charges set state = 'failed' where id = $1", c)
			s.Exec(t, "update members set access_level = 'suspended' where id = $1", m)
			s.saveCard(t, m)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			m := s.Member(t)
			c := play(t, s, m)
			s.Provider.Answer = nil
			jobs := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-execute-charge' and payload->>'charge_id' = $1", c.String())
			if jobs != 1 {
				t.Fatalf("%d jobs", jobs)
			}
			s.Execute(t, c)
			access := postgrestest.Get[string](t, s.Database, "select access_level from members where id = $1", m)
			if s.State(t, c) != "paid" || access != "full" {
				t.Fatalf("%s, access %s", s.State(t, c), access)
			}
		})
	}
}

// Red with a rung's job named by the charge alone: the second case's first rung was the first case's, which is done.
func TestARungOfAnotherCaseIsAnotherJob(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	c := s.Charge(t, s.Member(t), 24900)
	for n := range 2 {
		dc := id.New[id.DunningCase]()
		s.Exec(t, `insert into dunning_cases (org_id, id, charge_id, member_id, rung, next_at, opened_at) select org_id, $2, id, member_id, 1, $3, $3 from charges where id = $1`,
			c, dc, billingtest.Start)
		if err := s.Collector.RunDunningStep(context.Background(), s.Caller, billing.DunningStep{CaseID: dc, Rung: 1}); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "update jobs set state = 'done', finished_at = now()")
		s.Exec(t, "update dunning_cases set state = 'lost', closed_at = now()")
		if jobs := postgrestest.Get[int](t, s.Database, "select count(*) from jobs"); jobs != n+1 {
			t.Fatalf("%d jobs for %d cases", jobs, n+1)
		}
	}
}
