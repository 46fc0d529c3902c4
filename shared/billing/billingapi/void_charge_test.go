package billingapi_test

import (
	"strings"
	"testing"
	"time"

	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

func TestVoidCharge(t *testing.T) {
	f := newFixture(t)
	m := f.memberWithCard(t, f.A)
	path := func(c id.Charge) string { return "/v1/charges/" + c.String() + "/void" }
	why := map[string]any{"reason": "נגבה במזומן"}

	t.Run("an owner and a manager may, and it is in the trail with its reason", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager} {
			c := f.charge(t, f.A, m, 100, 0)
			var got chargeBody
			f.A.As(t, role).Post(path(c), why).Want(200).Into(&got)
			if got.State != "void" || got.VoidReason != "נגבה במזומן" || f.state(t, c) != "void" {
				t.Errorf("%s: %+v", role, got)
			}
			if n := f.count(t, "audit_log where action = 'charge.void' and object_id = $1 and reason = 'נגבה במזומן'", c); n != 1 {
				t.Errorf("%s: %d lines in the audit log", role, n)
			}
		}
	})
	t.Run("the front desk, a coach, the member and a stranger may not", func(t *testing.T) {
		c := f.charge(t, f.A, m, 100, 0)
		refused(t, f.A, "POST", path(c), why, tenancy.FrontDesk, tenancy.Coach)
		as(t, f.A, m).Post(path(c), why).Want(403, "auth.role_not_allowed")
		f.Anonymous(t).Post(path(c), why).Want(401)
		if got := f.state(t, c); got != "due" {
			t.Fatal(got)
		}
	})
	t.Run("another studio's and a made-up charge are the same nothing", func(t *testing.T) {
		c := f.charge(t, f.A, m, 100, 0)
		f.B.As(t, tenancy.Owner).Post(path(c), why).Want(404, "billing.charge_not_found")
		f.owner(t).Post(path(id.New[id.Charge]()), why).Want(404, "billing.charge_not_found")
	})
	t.Run("a reason must be given, in plain text", func(t *testing.T) {
		c := f.charge(t, f.A, m, 100, 0)
		f.owner(t).Post(path(c), map[string]any{"reason": ""}).Want(422, "request.invalid")
		f.owner(t).Post(path(c), map[string]any{"reason": strings.Repeat("א", 501)}).Want(422, "request.invalid")
		f.owner(t).Post(path(c), map[string]any{"reason": "  "}).Want(422, "billing.void_reason")
		f.owner(t).Post(path(c), map[string]any{"reason": "a\x07b"}).Want(422, "billing.void_reason")
		f.owner(t).Post(path(c), map[string]any{"reason": "membership_cancelled"}).Want(422, "billing.void_reason") // the cancellation's own mark
		f.owner(t).Post("/v1/charges/1/void", why).Want(422, "request.invalid")
		if got := f.state(t, c); got != "due" {
			t.Fatal(got)
		}
	})
	t.Run("a charge whose answer is lost cannot be taken back", func(t *testing.T) {
		c := f.charge(t, f.A, m, 100, 0)
		f.answers(lost)
		f.execute(t, f.A, c)
		f.owner(t).Post(path(c), why).Want(409, "billing.charge_in_flight")
	})
	t.Run("a paid and a void charge stay so", func(t *testing.T) {
		c := f.charge(t, f.A, m, 100, 0)
		f.provider.Answer = nil
		f.execute(t, f.A, c)
		f.owner(t).Post(path(c), why).Want(409, "billing.charge_settled")
		v := f.charge(t, f.A, m, 100, 0)
		f.owner(t).Post(path(v), why).Want(200)
		f.owner(t).Post(path(v), why).Want(409, "billing.charge_settled")
	})
	t.Run("a void charge is not collected, though its job still comes", func(t *testing.T) {
		c, before := f.charge(t, f.A, m, 100, 0), f.provider.Asked
		f.owner(t).Post(path(c), why).Want(200)
		f.execute(t, f.A, c)
		if f.provider.Asked != before || f.state(t, c) != "void" {
			t.Fatalf("%s after %d requests", f.state(t, c), f.provider.Asked-before)
		}
	})
	t.Run("with a failed charge goes its dunning, and access is back only when no other debt bars it", func(t *testing.T) {
		debtor := f.memberWithCard(t, f.A)
		days := func(n time.Duration) time.Duration { return n * 24 * time.Hour }
		first, second := f.charge(t, f.A, debtor, 100, days(12)), f.charge(t, f.A, debtor, 100, days(11))
		f.answers(declined)
		f.execute(t, f.A, first)
		f.execute(t, f.A, second)
		f.Exec(t, "update dunning_cases set opened_at = opened_at - interval '11 days' where member_id = $1", debtor)
		f.Exec(t, "update payment_attempts set business_at = business_at - interval '11 days' where charge_id in ($1, $2)", first, second)
		f.Exec(t, "update members set access_level = 'no_checkin' where id = $1", debtor)
		access := func() string {
			return postgrestest.Get[string](t, f.Database, "select access_level from members where id = $1", debtor)
		}
		if f.owner(t).Post(path(first), why).Want(200); access() != "no_checkin" {
			t.Fatal("access came back though another charge is owed")
		}
		if f.owner(t).Post(path(second), why).Want(200); access() != "full" {
			t.Fatalf("access is %s though nothing is owed", access())
		}
		if n := f.count(t, "dunning_cases where member_id = $1 and state in ('open', 'waiting_method')", debtor); n != 0 {
			t.Fatalf("%d cases are open", n)
		}
	})
}
