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
