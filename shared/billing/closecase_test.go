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

// TestAPersonClosesAQuestion has been seen red with every kind let through, with a second line for a repeat and with no line at all.
func TestAPersonClosesAQuestion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := studio{billingtest.NewStudio(t)}
	other := id.New[id.Org]()
	s.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_other', 'x', 'x')", other)
	open := func(kind string) id.Event {
		return postgrestest.Get[id.Event](t, s.Database, "insert into money_cases (org_id, kind, detail) values ($1, $2, 'x') returning id", s.Org, kind)
	}
	refund, asked, paused := open("refund_due"), open("unknown_attempt"), open("charges_paused")
	admin := tenancy.ForOrg(s.Org, "admin:user_1")
	for name, tc := range map[string]struct {
		who    tenancy.Caller
		caseID id.Event
		reason string
		want   error
	}{
		"one of another studio":                  {tenancy.ForOrg(other, "admin:user_1"), refund, "given back", billing.ErrCaseNotFound},
		"one of a studio that is not":            {tenancy.ForOrg(id.New[id.Org](), "admin:user_1"), refund, "given back", billing.ErrCaseNotFound},
		"one that is not":                        {admin, id.New[id.Event](), "given back", billing.ErrCaseNotFound},
		"one without a reason":                   {admin, refund, "  ", billing.ErrCaseReason},
		"one that its attempt's settling closes": {admin, asked, "seen there", billing.ErrCaseHasItsOwnEnd},
		"one that a gateway's connection closes": {admin, paused, "seen there", billing.ErrCaseHasItsOwnEnd},
	} {
		if err := s.Collector.CloseCase(ctx, tc.who, tc.caseID, tc.reason); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from money_cases where state = 'open'"); n != 3 {
		t.Fatalf("%d open after refusals", n)
	}
	for range 2 { // a repeat finds it closed
		if err := s.Collector.CloseCase(ctx, admin, refund, " given back "); err != nil {
			t.Fatal(err)
		}
	}
	trail := postgrestest.Get[string](t, s.Database, "select string_agg(actor || ' ' || object_id || ' ' || reason || ' ' || (data->>'kind'), '; ') from audit_log where action = 'case.closed'")
	if want := "admin:user_1 " + refund.String() + " given back refund_due"; trail != want {
		t.Errorf("the trail says %q, want %q", trail, want)
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from money_cases where state = 'open'"); n != 2 {
		t.Errorf("%d open", n)
	}
}
