package billing_test

import (
	"context"
	"errors"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

// questioned is an attempt that the machine has given up asking about, with its case.
func questioned(t *testing.T) (s studio, charge id.Charge, a id.Attempt) {
	t.Helper()
	s = studio{billingtest.NewStudio(t)}
	charge = s.Charge(t, s.Member(t), 24900)
	a, err := s.Collector.Claim(context.Background(), s.Caller, charge)
	if err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "update payment_attempts set state = 'sent', sent_at = now()")
	s.Exec(t, "update payment_attempts set state = 'unknown', unknown_at = now(), code = 'timeout', lookups = 9")
	s.Exec(t, "insert into money_cases (org_id, kind, attempt_id, detail) select org_id, 'unknown_attempt', id, 'x' from payment_attempts")
	return s, charge, a
}

func (s studio) books(t *testing.T) string {
	t.Helper()
	return postgrestest.Get[string](t, s.Database, `select (select string_agg(state, ',') from charges) || ', ' || (select count(*) from payments) || ' payments, ' ||
		(select coalesce(sum(amount), 0) from ledger_lines where account = 'clearing_card') || ' taken, ' || (select count(*) from money_cases where state = 'open') || ' cases, ' ||
		(select count(*) from audit_log where action = 'attempt.settled' and actor = 'admin:user_1' and reason <> '') || ' in the trail'`)
}

// Red while nothing settled an attempt by a person's word: its charge stayed in flight for ever.
func TestAPersonSettlesWhatNoLookUpCould(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tc := range map[string]struct {
		captured bool
		txn      string
		want     string
	}{
		"the money was taken":     {true, "t1", "paid, 1 payments, 24900 taken, 0 cases, 1 in the trail"},
		"the money was not taken": {false, "", "due, 0 payments, 0 taken, 0 cases, 1 in the trail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, a := questioned(t)
			admin := tenancy.ForOrg(s.Org, "admin:user_1")
			for range 2 { // a repeat finds the outcome it asks for
				if err := s.Collector.Settle(ctx, admin, billing.Verdict{Attempt: a, Captured: tc.captured, Txn: tc.txn, Reason: "seen there"}); err != nil {
					t.Fatal(err)
				}
				if got := s.books(t); got != tc.want {
					t.Errorf("%s, want %s", got, tc.want)
				}
			}
			if err := s.Collector.Settle(ctx, admin, billing.Verdict{Attempt: a, Captured: !tc.captured, Txn: "t9", Reason: "seen there"}); !errors.Is(err, billing.ErrAttemptSettled) {
				t.Errorf("the opposite afterwards: %v", err)
			}
			if asked := s.Provider.Asked; asked != 0 {
				t.Errorf("the provider was asked to charge %d times", asked)
			}
		})
	}
}

func TestASettlementIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before string
		v      billing.Verdict
		want   error
	}{
		"while the provider is being asked":      {"update payment_attempts set next_lookup_at = now()", billing.Verdict{Captured: true, Txn: "t1", Reason: "seen"}, billing.ErrAttemptAsked},
		"without a reason":                       {"", billing.Verdict{Captured: true, Txn: "t1", Reason: "  "}, billing.ErrSettleReason},
		"of an attempt that is not the studio's": {"", billing.Verdict{Attempt: id.New[id.Attempt](), Reason: "seen"}, billing.ErrAttemptNotFound},
		"by a transaction that another attempt owns": {`with a as (select * from payment_attempts limit 1), c as (
			insert into charges (org_id, id, member_id, kind, amount, description, due_at, state) select c.org_id, app.uuidv7(), c.member_id, 'one_off', 1, '', now(), 'in_flight' from charges c returning *)
			insert into payment_attempts (org_id, id, charge_id, n, gateway_id, payment_method_id, amount, installments, provider_key, lease_until, business_at, state, provider_txn, sent_at, settled_at)
			select a.org_id, app.uuidv7(), c.id, 1, a.gateway_id, a.payment_method_id, 1, 1, 'fk-other', now(), now(), 'approved', 't1', now(), now() from a, c`, billing.Verdict{Captured: true, Txn: "t1", Reason: "seen"}, billing.ErrTxnOwned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, a := questioned(t)
			if tc.before != "" {
				s.Exec(t, tc.before)
			}
			if tc.v.Attempt.IsZero() {
				tc.v.Attempt = a
			}
			if err := s.Collector.Settle(context.Background(), s.Caller, tc.v); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if state := postgrestest.Get[string](t, s.Database, "select state from payment_attempts where id = $1", a); state != "unknown" {
				t.Error(state)
			}
		})
	}
}
