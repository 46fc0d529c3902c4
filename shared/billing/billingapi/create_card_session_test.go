package billingapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/cardcom"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

const sessionsPath = "/v1/card-sessions"

type sessionBody struct {
	ID        id.CardSession
	URL       string
	ExpiresAt time.Time `json:"expires_at"`
}

func TestCreateCardSession(t *testing.T) {
	f := newFixture(t)
	m := f.member(t, f.A)
	page := func(m id.Member) map[string]any { return map[string]any{"member_id": m} }

	t.Run("everyone who handles money and the member get a page of the provider that lasts a day", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member} {
			got := f.openPage(t, role, m)
			if !strings.HasPrefix(got.URL, "https://pages.example/") || !got.ExpiresAt.Equal(billingtest.Start.Add(aDay)) {
				t.Errorf("%s: %+v", role, got)
			}
			if n := f.count(t, "card_sessions where id = $1 and member_id = $2 and state = 'open' and provider_ref is not null", got.ID, m); n != 1 {
				t.Errorf("%s: %s is not kept", role, got.ID)
			}
		}
	})
	t.Run("a coach and a stranger may not", func(t *testing.T) {
		refused(t, f.A, "POST", sessionsPath, page(m), tenancy.Coach)
		f.Anonymous(t).Post(sessionsPath, page(m)).Want(401)
	})
	t.Run("another member's, another studio's, an archived and a made-up member are the same nobody", func(t *testing.T) {
		archived := f.member(t, f.A)
		f.Exec(t, "update members set status = 'archived' where id = $1", archived)
		as(t, f.A, f.member(t, f.A)).Post(sessionsPath, page(m)).Want(404, "billing.member_not_found")
		f.B.As(t, tenancy.Owner).Post(sessionsPath, page(m)).Want(404, "billing.member_not_found")
		f.owner(t).Post(sessionsPath, page(archived)).Want(404, "billing.member_not_found")
		f.owner(t).Post(sessionsPath, page(id.New[id.Member]())).Want(404, "billing.member_not_found")
	})
	t.Run("the member must be named, by an id, and nothing else", func(t *testing.T) {
		for _, body := range []map[string]any{{}, {"member_id": "1"}, {"member_id": m, "url": "https://x.example"}} {
			f.owner(t).Post(sessionsPath, body).Want(422, "request.invalid")
		}
	})
	t.Run("a provider that does not answer or refuses gives no page", func(t *testing.T) {
		f.provider.refuses = cardcom.ErrUnreachable
		f.owner(t).Post(sessionsPath, page(m)).Want(503, "gateway.unreachable")
		f.provider.refuses = payment.ErrCredentials
		f.owner(t).Post(sessionsPath, page(m)).Want(422, "gateway.credentials_refused")
		f.provider.refuses = nil
	})
	// Red while a failed request kept its key for as long as the longest request lasts: a client that did as it was told got 409.
	t.Run("after the provider's failure the same request under the same key gets its page", func(t *testing.T) {
		client := f.owner(t)
		client.Headers["Idempotency-Key"] = "again"
		f.provider.refuses = cardcom.ErrUnreachable
		client.Post(sessionsPath, page(m)).Want(503, "gateway.unreachable")
		client.Post(sessionsPath, page(m)).Want(503, "gateway.unreachable")
		f.provider.refuses = nil
		first := client.Post(sessionsPath, page(m)).Want(201)
		if again := client.Post(sessionsPath, page(m)).Want(201); string(again.Body) != string(first.Body) {
			t.Errorf("%s\n%s", first.Body, again.Body)
		}
	})
	// The page that the first worker's provider opened is shown to nobody, and expires.
	t.Run("of two workers on one request, the first hanging at the provider, one page is kept and told", func(t *testing.T) {
		client, payer := f.owner(t), f.member(t, f.A)
		client.Headers["Idempotency-Key"] = "hangs"
		var kept sessionBody
		f.provider.meanwhile = func() {
			f.Exec(t, "update idempotency_keys set lease_until = now() - interval '1 second' where key = 'hangs'")
			client.Post(sessionsPath, page(payer)).Want(201).Into(&kept)
		}
		client.Post(sessionsPath, page(payer)).Want(409, "idempotency.in_progress")
		var again sessionBody
		if client.Post(sessionsPath, page(payer)).Want(201).Into(&again); again.ID != kept.ID {
			t.Errorf("a repeat is told of page %s, not of %s", again.ID, kept.ID)
		}
		if n := f.count(t, "card_sessions where member_id = $1 and state = 'open'", payer); n != 1 {
			t.Errorf("%d pages are open", n)
		}
	})
	t.Run("a studio whose gateway needs attention, or that has none, opens no page", func(t *testing.T) {
		theirs := f.member(t, f.B)
		f.Exec(t, "update gateways set state = 'misconfigured' where org_id = $1", f.B.Org)
		f.B.As(t, tenancy.Owner).Post(sessionsPath, page(theirs)).Want(409, "billing.no_gateway")
		f.Exec(t, "delete from gateways where org_id = $1", f.B.Org)
		f.B.As(t, tenancy.Owner).Post(sessionsPath, page(theirs)).Want(409, "billing.no_gateway")
		if n := f.count(t, "card_sessions where org_id = $1", f.B.Org); n != 0 {
			t.Fatalf("%d sessions are kept", n)
		}
	})
	t.Run("the same request again gets the same page", func(t *testing.T) {
		client := f.owner(t)
		client.Headers["Idempotency-Key"] = "once"
		if a, b := client.Post(sessionsPath, page(m)).Want(201), client.Post(sessionsPath, page(m)).Want(201); string(a.Body) != string(b.Body) {
			t.Fatalf("%s\n%s", a.Body, b.Body)
		}
	})
	t.Run("a card saved on the page is the member's default and pays what waited for one", func(t *testing.T) {
		debtor := f.member(t, f.A)
		c := f.charge(t, f.A, debtor, 100, 0)
		f.execute(t, f.A, c)
		got := f.openPage(t, tenancy.Owner, debtor)
		ref := postgrestest.Get[string](t, f.Database, "select provider_ref from card_sessions where id = $1", got.ID)
		f.provider.Pages[ref] = payment.Outcome{State: payment.Saved, Card: &payment.SavedCard{Token: "t", ExpMonth: 6, ExpYear: 2031, Last4: "4321"}}
		err := f.collector.CheckCardSession(context.Background(), tenancy.ForOrg(f.A.Org, "test"), billing.ProcessInboxEvent{CardSessionID: got.ID})
		if err != nil {
			t.Fatal(err)
		}
		if n := f.count(t, "payment_methods where member_id = $1 and is_default and last4 = '4321'", debtor); n != 1 {
			t.Fatalf("%d cards", n)
		}
		if n := f.count(t, "jobs where queue = 'billing-execute-charge' and dedupe_key like 'charge:' || $1 || ':method:%'", c.String()); n != 1 {
			t.Fatalf("%d tries", n)
		}
		if f.execute(t, f.A, c); f.state(t, c) != "paid" {
			t.Fatal(f.state(t, c))
		}
	})
}

// openPage opens a page for a member, as somebody in this role.
func (f *fixture) openPage(t testing.TB, role tenancy.Role, m id.Member) (b sessionBody) {
	t.Helper()
	client := as(t, f.A, m)
	if role != tenancy.Member {
		client = f.A.As(t, role)
	}
	client.Post(sessionsPath, map[string]any{"member_id": m}).Want(201).Into(&b)
	return b
}
