package billingapi_test

import (
	"testing"

	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

func TestCloseCase(t *testing.T) {
	f := newFixture(t)
	caseID := postgrestest.Get[id.Event](t, f.Database, "insert into money_cases (org_id, kind, detail) values ($1, 'refund_due', 'x') returning id", f.A.Org)
	path := "/v1/admin/cases/" + caseID.String() + "/close"
	body := func(org id.Org, reason string) map[string]any { return map[string]any{"org_id": org, "reason": reason} }
	t.Run("is for FitKit's own people, signed in a moment ago", func(t *testing.T) {
		f.A.As(t, tenancy.Owner).Post(path, body(f.A.Org, "given back")).Want(404, "not_found")
		f.AsAdmin(t).Stale().Post(path, body(f.A.Org, "given back")).Want(403, "auth.step_up")
	})
	t.Run("finds the case in its own studio only", func(t *testing.T) {
		f.AsAdmin(t).Post(path, body(f.B.Org, "given back")).Want(404, "billing.case_not_found")
	})
	t.Run("asks for a reason", func(t *testing.T) {
		f.AsAdmin(t).Post(path, body(f.A.Org, "x")).Want(422, "request.invalid")
		f.AsAdmin(t).Post(path, body(f.A.Org, "     ")).Want(422, "billing.case_reason")
	})
	t.Run("closes it, in the admin's name, and a repeat is answered alike", func(t *testing.T) { // red with the studio as the actor
		for range 2 {
			var got struct {
				CaseID id.Event `json:"case_id"`
			}
			if f.AsAdmin(t).Post(path, body(f.A.Org, "given back")).Want(200).Into(&got); got.CaseID != caseID {
				t.Fatalf("%+v", got)
			}
		}
		if trail := postgrestest.Get[string](t, f.Database, "select string_agg(actor || ' ' || reason, '; ') from audit_log where action = 'case.closed'"); trail != "admin:user_admin given back" {
			t.Errorf("the trail says %q", trail)
		}
	})
}
