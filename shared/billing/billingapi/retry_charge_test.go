package billingapi_test

import (
	"testing"
	"time"

	"fitkit/shared/id"
	"fitkit/shared/tenancy"
)

func TestRetryCharge(t *testing.T) {
	f := newFixture(t)
	path := func(c id.Charge) string { return "/v1/charges/" + c.String() + "/retry" }
	jobs := func(c id.Charge) int {
		return f.count(t, "jobs where queue = 'billing-execute-charge' and dedupe_key like 'charge:' || $1 || ':manual:%'", c.String())
	}

	t.Run("everyone who handles money may, and the failed charge is tried again and paid", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk} {
			c := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, time.Hour)
			f.Exec(t, "update charges set state = 'failed' where id = $1", c)
			if got := f.A.As(t, role).Post(path(c), nil).Want(202).Field("status"); got != "queued" {
				t.Errorf("%s: %s", role, got)
			}
			if f.state(t, c) != "due" || jobs(c) != 1 {
				t.Errorf("%s: %s with %d jobs", role, f.state(t, c), jobs(c))
			}
			if f.execute(t, f.A, c); f.state(t, c) != "paid" {
				t.Errorf("%s: %s after the try", role, f.state(t, c))
			}
		}
	})
	t.Run("a coach, the member and a stranger may not", func(t *testing.T) {
		m := f.memberWithCard(t, f.A)
		c := f.charge(t, f.A, m, 100, 0)
		refused(t, f.A, "POST", path(c), nil, tenancy.Coach)
		as(t, f.A, m).Post(path(c), nil).Want(403, "auth.role_not_allowed")
		f.Anonymous(t).Post(path(c), nil).Want(401)
		if jobs(c) != 0 {
			t.Fatal("it is tried all the same")
		}
	})
	t.Run("another studio's and a made-up charge are the same nothing, and an id must be one", func(t *testing.T) {
		c := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 0)
		f.B.As(t, tenancy.Owner).Post(path(c), nil).Want(404, "billing.charge_not_found")
		f.owner(t).Post(path(id.New[id.Charge]()), nil).Want(404, "billing.charge_not_found")
		f.owner(t).Post("/v1/charges/1/retry", nil).Want(422, "request.invalid")
	})
	t.Run("a charge whose answer is lost is not tried again", func(t *testing.T) {
		c := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 0)
		f.answers(lost)
		f.execute(t, f.A, c)
		f.provider.Answer = nil
		f.owner(t).Post(path(c), nil).Want(409, "billing.charge_in_flight")
		before := f.provider.Asked
		if f.execute(t, f.A, c); f.provider.Asked != before || jobs(c) != 0 {
			t.Fatal("it was sent again")
		}
	})
	t.Run("a paid, a void and a written-off charge are settled", func(t *testing.T) {
		m := f.memberWithCard(t, f.A)
		c := f.charge(t, f.A, m, 100, 0)
		f.execute(t, f.A, c)
		f.owner(t).Post(path(c), nil).Want(409, "billing.charge_settled")
		for _, state := range []string{"void", "written_off"} {
			c := f.charge(t, f.A, m, 100, 0)
			f.Exec(t, "update charges set state = $2 where id = $1", c, state)
			f.owner(t).Post(path(c), nil).Want(409, "billing.charge_settled")
		}
	})
	t.Run("a charge whose day has not come waits for it", func(t *testing.T) {
		f.owner(t).Post(path(f.charge(t, f.A, f.memberWithCard(t, f.A), 100, -24*time.Hour)), nil).Want(409, "billing.charge_not_due")
	})
	t.Run("a member without a card is asked for one first", func(t *testing.T) {
		f.owner(t).Post(path(f.charge(t, f.A, f.member(t, f.A), 100, 0)), nil).Want(409, "billing.no_payment_method")
	})
	t.Run("a gateway that needs attention is put right first", func(t *testing.T) {
		c := f.charge(t, f.B, f.memberWithCard(t, f.B), 100, 0)
		f.Exec(t, "update gateways set state = 'misconfigured' where org_id = $1", f.B.Org)
		f.B.As(t, tenancy.Owner).Post(path(c), nil).Want(409, "billing.no_gateway")
		f.Exec(t, "update gateways set state = 'active' where org_id = $1", f.B.Org)
		f.B.As(t, tenancy.Owner).Post(path(c), nil).Want(202)
	})
	t.Run("a card that was declined four times in a week is left alone", func(t *testing.T) {
		c := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 0)
		f.answers(declined)
		for range 4 {
			f.owner(t).Post(path(c), nil).Want(202)
			f.execute(t, f.A, c)
		}
		f.owner(t).Post(path(c), nil).Want(409, "billing.card_tried_too_often")
	})
	t.Run("the same request again is one try", func(t *testing.T) {
		c := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 0)
		client := f.A.As(t, tenancy.Owner)
		client.Headers["Idempotency-Key"] = "once"
		client.Post(path(c), nil).Want(202)
		if client.Post(path(c), nil).Want(202); jobs(c) != 1 {
			t.Fatalf("%d tries", jobs(c))
		}
	})
}
