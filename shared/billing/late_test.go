package billing_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// Money that is found after its attempt was settled otherwise moved all the same: it is a person's question, and never nobody's.
// Red while an approval that touched no row counted as recorded: no payment, and no case either.
func TestMoneyFoundTooLateIsAPersonsQuestion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	first := paid
	first.ProviderTxn = "t1"
	second := paid
	second.ProviderTxn = "t2"
	for name, tc := range map[string]struct {
		settled, found payment.Outcome
		want           string
	}{
		"after a decline":                            {soft, first, "1 open, 0 payments"},
		"after never happened":                       {payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "never_happened"}, first, "1 open, 0 payments"},
		"beside another transaction of it":           {first, second, "1 open, 1 payments"},
		"but not the same transaction a second time": {first, first, "0 open, 1 payments"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			record, a := sent(tc.settled)(t, s)
			if err := record(ctx); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the worker and a look-up may both come late
				if err := s.Collector.Record(ctx, s.Caller, a.(id.Attempt), tc.found); err != nil {
					t.Fatal(err)
				}
			}
			got := postgrestest.Get[string](t, s.Database, `select (select count(*) from money_cases where kind = 'provider_duplicate' and state = 'open' and attempt_id = $1)
				|| ' open, ' || (select count(*) from payments) || ' payments'`, a)
			if got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			// It has an exit: what stands is confirmed once the rest was refunded at the provider.
			v := billing.Verdict{Attempt: a.(id.Attempt), Captured: tc.settled.State == payment.Paid, Txn: tc.settled.ProviderTxn, Reason: "refunded there"}
			if err := s.Collector.Settle(ctx, s.Caller, v); err != nil {
				t.Fatal(err)
			}
			if n := postgrestest.Get[int](t, s.Database, "select count(*) from audit_log where action = 'attempt.settled'"); (n == 1) != (tc.want[0] == '1') {
				t.Errorf("%d lines in the trail", n) // red while a case could be closed without one
			}
			if n := postgrestest.Get[int](t, s.Database, "select count(*) from money_cases where kind = 'provider_duplicate' and state = 'open'"); n != 0 {
				t.Errorf("%d stay open", n)
			}
		})
	}
}

// TestTheSecondLookUpFollowsTheFirst is R44's half a minute: the first look-up enqueues the second, once, and the sweep none beside it. A test
// clock's are the sweep's alone. Red with no job but the first, with both at once, and with a job of half a minute under a test clock.
func TestTheSecondLookUpFollowsTheFirst(t *testing.T) {
	t.Parallel()
	for clock, want := range map[string]string{"real": "0, 30", "test": "0"} {
		t.Run(clock, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return payment.Outcome{Code: "no_answer"} }
			c := s.Charge(t, s.Member(t), 24900)
			if clock == "real" {
				s.Exec(t, "update orgs set test_now = null")
			}
			s.Execute(t, c)
			waits := func() string {
				return postgrestest.Get[string](t, s.Database,
					"select string_agg(round(extract(epoch from available_at - created_at))::text, ', ' order by available_at) from jobs where queue = 'billing-resolve-unknown'")
			}
			if got := waits(); got != "0" {
				t.Fatalf("asked after %s seconds before the first has asked", got)
			}
			attempt := postgrestest.Get[id.Attempt](t, s.Database, "select id from payment_attempts")
			for range 2 { // the first, delivered twice; the second time stands for the second look-up
				if err := s.Collector.Resolve(context.Background(), s.Caller, billing.ResolveUnknown{AttemptID: attempt}); err != nil {
					t.Fatal(err)
				}
				s.sweep(t)
				if got := waits(); got != want {
					t.Fatalf("asked after %s seconds, want %s", got, want)
				}
			}
			if clock == "test" {
				s.SetNow(t, billingtest.Start.Add(5*time.Minute))
			} else {
				s.Exec(t, "update payment_attempts set next_lookup_at = now()")
			}
			for range 2 { // the third is the sweep's
				s.sweep(t)
			}
			before := strings.Count(want, ",") + 1
			if n := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-resolve-unknown'"); n != before+1 {
				t.Errorf("%d jobs, want one more than %d", n, before)
			}
		})
	}
}

// TestAStrangersTransactionStopsNothingOnASharedTerminal was seen red with the list of such a terminal asked as any other's.
func TestAStrangersTransactionStopsNothingOnASharedTerminal(t *testing.T) {
	t.Parallel()
	for terminal, want := range map[int]string{billingtest.SharedTerminal: "failed", billingtest.Terminal: "unknown"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			s.Exec(t, "update gateways set terminal = $1", strconv.Itoa(terminal))
			a := s.lost(t)
			s.Provider.Booked["a stranger's"] = payment.Transaction{ProviderTxn: "999", Amount: 24900}
			s.SetNow(t, billingtest.Start.Add(billing.UnknownAtMost+time.Minute))
			if err := s.Collector.Resolve(t.Context(), s.Caller, billing.ResolveUnknown{AttemptID: a}); err != nil {
				t.Fatal(err)
			}
			if got := postgrestest.Get[string](t, s.Database, "select state from payment_attempts"); got != want {
				t.Errorf("the attempt is %s, want %s", got, want)
			}
		})
	}
}
