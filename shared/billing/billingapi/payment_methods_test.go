package billingapi_test

import (
	"strings"
	"testing"

	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

type methodsBody struct {
	Items []struct {
		ID        id.PaymentMethod
		Last4     string
		Status    string
		IsDefault bool `json:"is_default"`
	}
	NextCursor string `json:"next_cursor"`
}

func TestListPaymentMethods(t *testing.T) {
	f := newFixture(t)
	m, other := f.member(t, f.A), f.memberWithCard(t, f.A)
	old, fresh := f.card(t, f.A, m, false), f.card(t, f.A, m, true)
	path := "/v1/payment-methods?member_id=" + m.String()

	t.Run("staff who handle money and the member see the cards, masked, the latest first", func(t *testing.T) {
		for name, client := range map[string]*apitest.Client{"owner": f.A.As(t, tenancy.Owner), "manager": f.A.As(t, tenancy.Manager),
			"front desk": f.A.As(t, tenancy.FrontDesk), "member": as(t, f.A, m)} {
			var got methodsBody
			client.Get(path).Want(200).Into(&got)
			if len(got.Items) != 2 || got.Items[0].ID != fresh || !got.Items[0].IsDefault || got.Items[1].ID != old || got.Items[1].Last4 != "4242" {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
	t.Run("nothing of the token is in the answer", func(t *testing.T) {
		if body := f.A.As(t, tenancy.Owner).Get(path).Want(200).Body; strings.Contains(string(body), "token") || strings.Contains(string(body), "key") {
			t.Fatalf("%s", body)
		}
	})
	t.Run("a coach may not", func(t *testing.T) { refused(t, f.A, "GET", path, nil, tenancy.Coach) })
	t.Run("a member does not see another's, nor does another studio", func(t *testing.T) {
		as(t, f.A, other).Get(path).Want(404, "billing.member_not_found")
		f.B.As(t, tenancy.Owner).Get(path).Want(404, "billing.member_not_found")
		f.A.As(t, tenancy.Owner).Get("/v1/payment-methods?member_id="+id.New[id.Member]().String()).Want(404, "billing.member_not_found")
	})
	t.Run("pages follow each other", func(t *testing.T) {
		var first, second methodsBody
		f.A.As(t, tenancy.Owner).Get(path + "&limit=1").Want(200).Into(&first)
		f.A.As(t, tenancy.Owner).Get(path + "&limit=1&cursor=" + first.NextCursor).Want(200).Into(&second)
		if first.Items[0].ID != fresh || second.Items[0].ID != old || second.NextCursor != "" {
			t.Fatalf("%+v %+v", first, second)
		}
	})
	t.Run("the member must be named, and by an id", func(t *testing.T) {
		f.A.As(t, tenancy.Owner).Get("/v1/payment-methods").Want(422, "request.invalid")
		f.A.As(t, tenancy.Owner).Get("/v1/payment-methods?member_id=1").Want(422, "request.invalid")
	})
	t.Run("a removed card is gone", func(t *testing.T) {
		f.A.As(t, tenancy.Owner).Delete("/v1/payment-methods/" + old.String()).Want(200)
		var got methodsBody
		if f.A.As(t, tenancy.Owner).Get(path).Want(200).Into(&got); len(got.Items) != 1 || got.Items[0].ID != fresh {
			t.Fatalf("%+v", got)
		}
	})
}

func TestRemovePaymentMethod(t *testing.T) {
	f := newFixture(t)
	path := func(pm id.PaymentMethod) string { return "/v1/payment-methods/" + pm.String() }

	t.Run("every role that may, may", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk} {
			pm := f.card(t, f.A, f.member(t, f.A), true)
			if got := f.A.As(t, role).Delete(path(pm)).Want(200).Field("status"); got != "removed" {
				t.Errorf("%s: %s", role, got)
			}
		}
		m := f.member(t, f.A)
		as(t, f.A, m).Delete(path(f.card(t, f.A, m, true))).Want(200)
	})
	t.Run("the token is wiped, and it is in the trail", func(t *testing.T) {
		pm := f.card(t, f.A, f.member(t, f.A), true)
		f.A.As(t, tenancy.Owner).Delete(path(pm)).Want(200)
		if n := f.count(t, "payment_methods where id = $1 and octet_length(token_ct) = 0 and octet_length(key_id) = 0 and removed_at is not null and not is_default", pm); n != 1 {
			t.Fatal("something of the token is left")
		}
		if n := f.count(t, "audit_log where action = 'payment_method.removed' and object_id = $1", pm); n != 1 {
			t.Fatalf("%d lines in the audit log", n)
		}
	})
	t.Run("the latest other active card becomes the default", func(t *testing.T) {
		m := f.member(t, f.A)
		f.card(t, f.A, m, false)
		heir := f.card(t, f.A, m, false)
		blocked := f.card(t, f.A, m, false)
		f.Exec(t, "update payment_methods set status = 'blocked' where id = $1", blocked)
		f.A.As(t, tenancy.Owner).Delete(path(f.card(t, f.A, m, true))).Want(200)
		if got := postgrestest.Get[id.PaymentMethod](t, f.Database, "select id from payment_methods where member_id = $1 and is_default", m); got != heir {
			t.Fatalf("%s is the default, not %s", got, heir)
		}
	})
	t.Run("the only active card of a debtor stays, for each state of the debt", func(t *testing.T) {
		for _, state := range []string{"due", "in_flight", "failed"} {
			m := f.member(t, f.A)
			pm := f.card(t, f.A, m, true)
			f.Exec(t, "update payment_methods set status = 'blocked' where id = $1", f.card(t, f.A, m, false))
			c := f.charge(t, f.A, m, 100, 0)
			f.Exec(t, "update charges set state = $2 where id = $1 and state <> $2", c, state)
			as(t, f.A, m).Delete(path(pm)).Want(409, "billing.method_needed")
			f.Exec(t, "update charges set state = 'void' where id = $1 and state in ('due', 'failed')", c)
			if state != "in_flight" {
				as(t, f.A, m).Delete(path(pm)).Want(200)
			}
		}
	})
	t.Run("a debtor with two cards may remove one and not both", func(t *testing.T) {
		m := f.memberWithCard(t, f.A)
		second := f.card(t, f.A, m, false)
		f.charge(t, f.A, m, 100, 0)
		f.A.As(t, tenancy.Owner).Delete(path(second)).Want(200)
		first := postgrestest.Get[id.PaymentMethod](t, f.Database, "select id from payment_methods where member_id = $1 and is_default", m)
		f.A.As(t, tenancy.Owner).Delete(path(first)).Want(409, "billing.method_needed")
	})
	t.Run("two removals at once leave a debtor one card", func(t *testing.T) {
		m := f.memberWithCard(t, f.A)
		second := f.card(t, f.A, m, false)
		first := postgrestest.Get[id.PaymentMethod](t, f.Database, "select id from payment_methods where member_id = $1 and is_default", m)
		f.charge(t, f.A, m, 100, 0)
		statuses := make(chan int, 2)
		for _, pm := range []id.PaymentMethod{first, second} {
			go func() { statuses <- f.A.As(t, tenancy.Owner).Delete(path(pm)).Status }()
		}
		if a, b := <-statuses, <-statuses; a+b != 200+409 {
			t.Fatalf("%d and %d", a, b)
		}
	})
	t.Run("another studio's, another member's, a removed and a made-up card are the same nothing", func(t *testing.T) {
		m := f.member(t, f.A)
		pm := f.card(t, f.A, m, true)
		f.B.As(t, tenancy.Owner).Delete(path(pm)).Want(404, "billing.payment_method_not_found")
		as(t, f.A, f.member(t, f.A)).Delete(path(pm)).Want(404, "billing.payment_method_not_found")
		f.A.As(t, tenancy.Owner).Delete(path(id.New[id.PaymentMethod]())).Want(404, "billing.payment_method_not_found")
		f.A.As(t, tenancy.Owner).Delete(path(pm)).Want(200)
		f.A.As(t, tenancy.Owner).Delete(path(pm)).Want(404, "billing.payment_method_not_found")
	})
	t.Run("a coach may not", func(t *testing.T) {
		refused(t, f.A, "DELETE", path(f.card(t, f.A, f.member(t, f.A), true)), nil, tenancy.Coach)
	})
	t.Run("the same request again gets the same answer", func(t *testing.T) {
		pm := f.card(t, f.A, f.member(t, f.A), true)
		client := f.A.As(t, tenancy.Owner)
		client.Headers["Idempotency-Key"] = "once"
		if a, b := client.Delete(path(pm)).Want(200), client.Delete(path(pm)).Want(200); string(a.Body) != string(b.Body) {
			t.Fatalf("%s\n%s", a.Body, b.Body)
		}
	})
}
