package billing_test

import (
	"testing"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/postgres/postgrestest"
)

// Red while a refusal of instalments was always followed by a charge of the whole price at once.
func TestRefusedInstalmentsAreTakenAtOnceOnlyWhereThePlanAllowsIt(t *testing.T) {
	t.Parallel()
	for name, allowed := range map[string]bool{"it does": true, "it does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			_, c := s.deal(t)
			s.Exec(t, "alter table plan_versions disable trigger plan_versions_immutable")
			s.Exec(t, "update plan_versions set single_payment_allowed = $1", allowed)
			s.Exec(t, "update charges set installments = 12 where id = $1", c)
			s.Provider.Answer = declines("138")
			s.Execute(t, c)
			atOnce := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where payload->>'installments' = '1'")
			waits := postgrestest.Get[int](t, s.Database, "select count(*) from dunning_cases where state = 'waiting_method'")
			if (atOnce == 1) != allowed || (waits == 1) == allowed {
				t.Fatalf("%d jobs of one payment, %d charges wait for a card", atOnce, waits)
			}
		})
	}
}
