package membershipapi_test

import (
	"testing"

	"fitkit/shared/tenancy"
)

func TestCreatePlan(t *testing.T) {
	e := env(t)
	owner := e.A.As(t, tenancy.Owner)
	body := map[string]any{"name": "חופשי חודשי", "type": "recurring"}

	t.Run("a new plan is a draft", func(t *testing.T) {
		if got := owner.Post("/v1/plans", body).Want(201).Field("status"); got != "draft" {
			t.Fatalf("status %q", got)
		}
	})
	t.Run("a name is used once in a studio", func(t *testing.T) {
		owner.Post("/v1/plans", body).Want(409, "membership.plan_name_taken")
	})
	t.Run("another studio may use the same name", func(t *testing.T) {
		e.B.As(t, tenancy.Owner).Post("/v1/plans", body).Want(201)
	})
	t.Run("a coach may not", func(t *testing.T) {
		e.A.As(t, tenancy.Coach).Post("/v1/plans", map[string]any{"name": "x", "type": "pack"}).Want(403, "auth.role_not_allowed")
	})
	t.Run("an unknown type is refused and named", func(t *testing.T) {
		owner.Post("/v1/plans", map[string]any{"name": "x", "type": "lifetime"}).Want(422, "request.invalid")
	})
	t.Run("the same key gives the same answer and one plan", func(t *testing.T) {
		again := e.A.As(t, tenancy.Owner)
		again.Headers["Idempotency-Key"] = "k1"
		first := again.Post("/v1/plans", map[string]any{"name": "פעם אחת", "type": "pack"}).Want(201)
		second := again.Post("/v1/plans", map[string]any{"name": "פעם אחת", "type": "pack"}).Want(201)
		if string(first.Body) != string(second.Body) {
			t.Fatalf("%s\n%s", first.Body, second.Body)
		}
		again.Post("/v1/plans", map[string]any{"name": "אחר", "type": "pack"}).Want(422, "idempotency.key_reused")
	})
}
