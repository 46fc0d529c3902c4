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

func (s studio) sweep(t *testing.T) {
	t.Helper()
	if _, err := s.Collector.SweepOrg(context.Background(), s.Caller); err != nil {
		t.Fatal(err)
	}
}

// checkPages does the jobs that ask about hosted pages, all of them, and says how many there were.
func (s studio) checkPages(t *testing.T) int {
	t.Helper()
	sessions := postgrestest.Get[[]id.CardSession](t, s.Database,
		"select coalesce(array_agg((payload->>'card_session_id')::uuid), '{}') from jobs where queue = 'billing-process-inbox-event'")
	for _, session := range sessions {
		if err := s.Collector.CheckCardSession(context.Background(), s.Caller, billing.ProcessInboxEvent{CardSessionID: session}); err != nil {
			t.Fatal(err)
		}
	}
	return len(sessions)
}

func TestAPageThatNobodyReports(t *testing.T) {
	t.Parallel()
	saved := func(t *testing.T, s studio, m id.Member) int {
		return postgrestest.Get[int](t, s.Database, "select count(*) from payment_methods where member_id = $1 and last4 = '4321' and is_default", m)
	}
	t.Run("is asked about ten minutes after it was opened, and its card is saved once", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		m := s.Member(t)
		s.openPage(t, m)
		s.SetNow(t, billingtest.Start.Add(10*time.Minute-time.Second))
		if s.sweep(t); s.checkPages(t) != 0 {
			t.Fatal("it was asked about at once")
		}
		s.SetNow(t, billingtest.Start.Add(10*time.Minute))
		s.sweep(t)
		if s.sweep(t); s.checkPages(t) != 1 || saved(t, s, m) != 1 {
			t.Fatalf("%d cards saved", saved(t, s, m))
		}
		s.SetNow(t, billingtest.Start.Add(48*time.Hour))
		if s.sweep(t); s.checkPages(t) != 1 || saved(t, s, m) != 1 {
			t.Fatalf("%d cards after another sweep", saved(t, s, m))
		}
	})
	// Red without the last: a card saved after 23 hours, whose notice was lost, was never found.
	t.Run("and is not used is asked about four times, the last at its end, then expires", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		m := s.Member(t)
		cs := s.openPage(t, m)
		used := s.Provider.Pages
		s.Provider.Pages = map[string]payment.Outcome{}
		for n, at := range []time.Duration{10 * time.Minute, time.Hour, 23 * time.Hour, 24 * time.Hour, 25 * time.Hour, 26 * time.Hour} {
			s.SetNow(t, billingtest.Start.Add(at))
			s.sweep(t)
			if asked := s.checkPages(t); asked != min(n+1, 4) {
				t.Fatalf("asked %d times after %s", asked, at)
			}
		}
		if got := postgrestest.Get[string](t, s.Database, "select state from card_sessions where id = $1", cs); got != "expired" {
			t.Fatal(got)
		}
		s.Provider.Pages = used // the payer was at it all the time, and the notice comes after all
		if s.checkPages(t); saved(t, s, m) != 1 {
			t.Fatal("a card saved in the last minute is lost")
		}
	})
}

func TestTheOldestUnknownAttemptIsWatched(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	sweeper := billing.NewSweeper(s.System, s.DB)
	oldest := func() time.Duration {
		age, err := sweeper.OldestUnknown(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return age.Truncate(time.Hour)
	}
	if age := oldest(); age != 0 {
		t.Fatalf("%s though nothing is unknown", age)
	}
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return payment.Outcome{Code: "no_answer"} }
	s.Execute(t, s.Charge(t, s.Member(t), 24900))
	if age := oldest(); age != 0 {
		t.Fatalf("%s of a test studio, whose clock jumps", age)
	}
	s.Exec(t, "update orgs set test_now = null")
	s.Exec(t, "update payment_attempts set unknown_at = now() - interval '26 hours'")
	if age := oldest(); age != 26*time.Hour {
		t.Fatalf("%s, want 26h", age)
	}
}
