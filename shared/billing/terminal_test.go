package billing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

func (s studio) connectTo(terminal int) error {
	_, err := s.Collector.Connect(context.Background(), s.Caller, billing.Connection{Provider: "cardcom", Mode: "test", Terminal: terminal,
		Name: billingtest.APIName, Password: billingtest.APIPassword})
	return err
}

// A gateway keeps its id when its studio connects another terminal. Red while only the gateway's row said which terminal there is:
// the new one did not know the attempt, so it had never happened, and the charge was collected a second time.
func TestAnotherTerminalWaitsForTheAnswersOfTheFirst(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	c := s.Charge(t, s.Member(t), 24900)
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Code: "timeout"}
	}
	s.Execute(t, c)
	if err := s.connectTo(billingtest.Terminal + 1); !errors.Is(err, billing.ErrTerminalInUse) {
		t.Fatalf("connected: %v", err)
	}
	if err := s.connectTo(billingtest.Terminal); err != nil {
		t.Fatalf("the same terminal, with other credentials perhaps: %v", err)
	}
	t.Run("and if it were connected all the same, a person is asked", func(t *testing.T) {
		s.Exec(t, "alter table gateways disable trigger user")
		s.Exec(t, "update gateways set terminal = '2'")
		s.SetNow(t, billingtest.Start.Add(25*time.Hour))
		s.sweep(t)
		s.resolve(t)
		got := postgrestest.Get[string](t, s.Database, "select (select string_agg(state, ',') from payment_attempts) || ' ' || (select string_agg(kind, ',') from money_cases)")
		if got != "unknown unknown_attempt" || s.Provider.Asked != 1 {
			t.Errorf("%s, the provider was asked to charge %d times", got, s.Provider.Asked)
		}
	})
}

// Red while it was asked about every hour for ever, and nobody heard of it.
func TestATransactionThatCannotBeOursIsAPersonsQuestionAfterADay(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	odd := payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "not_ours", ProviderTxn: "7"}
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Code: "timeout"}
	}
	s.Provider.LookupBy = func(string) (payment.Outcome, bool) { return odd, true }
	s.Execute(t, s.Charge(t, s.Member(t), 24900))
	for _, tc := range []struct {
		after time.Duration
		want  string
	}{{time.Hour, "unknown, 0 cases, asked again"}, {25 * time.Hour, "unknown, 1 cases, not asked again"}} {
		s.SetNow(t, billingtest.Start.Add(tc.after))
		s.resolve(t)
		got := postgrestest.Get[string](t, s.Database, `select state || ', ' || (select count(*) from money_cases) || ' cases, ' ||
			case when next_lookup_at is null then 'not asked again' else 'asked again' end from payment_attempts`)
		if got != tc.want {
			t.Errorf("after %s: %s, want %s", tc.after, got, tc.want)
		}
	}
}

func TestACardServesTheTerminalItWasSavedAt(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	m := s.Member(t)
	if err := s.connectTo(billingtest.Terminal + 1); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "update payment_methods set is_default = true") // connecting took that away; the claim must refuse it by itself
	c := s.Charge(t, m, 24900)
	s.Execute(t, c)
	if s.Provider.Asked != 0 || s.State(t, c) != "due" {
		t.Errorf("another terminal's card was tried: %d times, %s", s.Provider.Asked, s.State(t, c))
	}
	if err := s.connectTo(billingtest.Terminal); err != nil {
		t.Fatal(err)
	}
	s.Execute(t, s.Charge(t, m, 10000))
	if s.Provider.Asked != 1 {
		t.Error("the card is not tried on its own terminal, which is connected again")
	}
}

// Red while what was answered to replaced credentials stopped the studio that had just been put right.
func TestALateAnswerToReplacedCredentialsPausesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := studio{billingtest.NewStudio(t)}
	c := s.Charge(t, s.Member(t), 24900)
	a, err := s.Collector.Claim(ctx, s.Caller, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.connectTo(billingtest.Terminal); err != nil {
		t.Fatal(err)
	}
	if err := s.Collector.Record(ctx, s.Caller, a, payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "603"}); err != nil {
		t.Fatal(err)
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from orgs where charges_paused_at is not null"); n != 0 {
		t.Error("the studio is paused")
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-execute-charge' and state = 'ready' and payload->>'charge_id' = $1", c.String()); n != 1 {
		t.Errorf("%d jobs come back for the charge", n)
	}
}

// Red while an answer that a part was taken, or another sum, was forgotten once a look-up found nothing: the whole was charged again.
func TestAnAnswerThatSomethingHappenedIsNeverNothing(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]payment.Outcome{
		"a part was approved":      {State: payment.Declined, Code: "010"},
		"another sum was captured": {State: payment.Unknown, Class: payment.Ambiguous, Code: "amount_mismatch"},
		"in another currency":      {State: payment.Unknown, Class: payment.Ambiguous, Code: "not_ours"},
		"it was there already":     {State: payment.Unknown, Class: payment.Duplicate, Code: "608"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			c := s.Charge(t, s.Member(t), 24900)
			s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return o }
			s.Provider.LookupBy = func(string) (payment.Outcome, bool) {
				return payment.Outcome{State: payment.NotFound, Code: "5000"}, true
			}
			s.Execute(t, c)
			s.Provider.Booked = nil
			for _, hours := range []int{1, 25, 26, 30} {
				s.SetNow(t, billingtest.Start.Add(time.Duration(hours)*time.Hour))
				s.sweep(t)
				s.resolve(t)
			}
			if state := postgrestest.Get[string](t, s.Database, "select string_agg(state, ',') from payment_attempts"); state != "unknown" || s.Provider.Asked != 1 || s.State(t, c) != "in_flight" {
				t.Errorf("the attempt is %s, the charge %s, asked %d times", state, s.State(t, c), s.Provider.Asked)
			}
		})
	}
}

// Red while a terminal was whatever its owner called it: twelve months of real charges in as many minutes on a test clock.
func TestATerminalThatTakesMoneyIsNoTest(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	if err := s.connectTo(billingtest.RealTerminal); !errors.Is(err, billing.ErrLiveInTest) {
		t.Errorf("a test studio: %v", err)
	}
	s.Exec(t, "update orgs set test_now = null, test_mode = false")
	if err := s.connectTo(billingtest.RealTerminal); !errors.Is(err, billing.ErrTakesMoney) {
		t.Errorf("a live studio that calls it a test: %v", err)
	}
}
