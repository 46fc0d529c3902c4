package billing_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/obs"
)

// Red when every approval was told, and when a test studio's was.
func TestOnlyAStudiosFirstApprovedChargeIsTold(t *testing.T) {
	obs.Redirect(&bytes.Buffer{})
	var told []obs.Product
	obs.ProductsTo(func(_ context.Context, all []obs.Product) { told = append(told, all...) })
	t.Cleanup(func() {
		obs.Redirect(os.Stdout)
		obs.ProductsTo(nil)
	})
	s := billingtest.NewStudio(t)
	collect := func(c id.Charge) {
		ctx, event := obs.Start(t.Context(), "job-billing-execute-charge", "1")
		if err := s.ExecuteTogether(ctx, c)[0]; err != nil {
			t.Fatal(err)
		}
		event.End(ctx)
		if got := s.State(t, c); got != "paid" {
			t.Fatalf("the charge is %s", got)
		}
	}
	collect(s.Charge(t, s.Member(t), 24900))
	if len(told) != 0 {
		t.Fatalf("a test studio's charge was told: %v", told)
	}
	s = billingtest.NewStudio(t)
	first, second := s.Charge(t, s.Member(t), 24900), s.Charge(t, s.Member(t), 24900)
	s.Exec(t, "update orgs set test_mode = false, test_now = null where id = $1", s.Org)
	collect(first)
	collect(second)
	if len(told) != 1 || told[0].Event != "first_charge_approved" || told[0].Org != s.Org.String() || told[0].ID == "" {
		t.Errorf("told %v", told)
	}
}
