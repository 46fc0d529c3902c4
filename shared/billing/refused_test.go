package billing_test

import (
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/cardcom"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// TestCredentialsThatStoppedWorkingPauseTheStudio: the password is asked for by look-ups' end only, so a charge never meets its
// change. It was seen red with either refusal taken for a provider that does not answer, and with a guard that forgot new credentials.
func TestCredentialsThatStoppedWorkingPauseTheStudio(t *testing.T) {
	t.Parallel()
	badLogin := func(string) (payment.Outcome, bool) {
		return payment.Outcome{State: payment.Unknown, Class: payment.ConfigError, Code: "603"}, true
	}
	for name, tc := range map[string]struct {
		refuse   func(s studio)
		replaced bool // while the provider was asked
		want     string
	}{
		"a look-up is refused":                           {func(s studio) { s.Provider.LookupBy = badLogin }, false, "misconfigured true 1"},
		"the list at its end is refused":                 {func(s studio) { s.Provider.ListErr = payment.ErrCredentials }, false, "misconfigured true 1"},
		"the provider does not answer":                   {func(s studio) { s.Provider.ListErr = cardcom.ErrUnreachable }, false, "active false 0"},
		"the gateway was connected again while we asked": {func(s studio) { s.Provider.LookupBy = badLogin }, true, "active false 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			a := s.lost(t)
			s.SetNow(t, billingtest.Start.Add(billing.UnknownAtMost+time.Minute))
			tc.refuse(s)
			if look := s.Provider.LookupBy; tc.replaced {
				s.Provider.LookupBy = func(key string) (payment.Outcome, bool) {
					s.Exec(t, `update gateways set creds_ct = creds_ct || '\x00'`)
					return look(key)
				}
			}
			if err := s.Collector.Resolve(t.Context(), s.Caller, billing.ResolveUnknown{AttemptID: a}); err != nil {
				t.Fatal(err)
			}
			if !tc.replaced { // nothing opens what is no envelope
				if err := s.Collector.Resolve(t.Context(), s.Caller, billing.ResolveUnknown{AttemptID: a}); err != nil {
					t.Fatal(err)
				}
			}
			got := postgrestest.Get[string](t, s.Database, `select g.state || ' ' || (o.charges_paused_at is not null)::text || ' ' ||
				(select count(*) from money_cases where kind = 'charges_paused' and state = 'open') from gateways g join orgs o on o.id = g.org_id`)
			if got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if st := postgrestest.Get[string](t, s.Database, "select state from payment_attempts"); st != "unknown" {
				t.Errorf("the attempt is %s", st)
			}
		})
	}
}

// lost is an attempt whose answer was lost at the studio's now.
func (s studio) lost(t *testing.T) id.Attempt {
	t.Helper()
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_answer"}
	}
	s.Execute(t, s.Charge(t, s.Member(t), 24900))
	return postgrestest.Get[id.Attempt](t, s.Database, "select id from payment_attempts where state = 'unknown'")
}
