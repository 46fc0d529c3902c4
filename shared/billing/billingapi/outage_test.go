package billingapi_test

import (
	"testing"
	"time"

	"fitkit/shared/api/apitest"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/cardcom"
	"fitkit/shared/payment"
	"fitkit/shared/retry/outagetest"
)

// TestWhileCardcomFailsNothingIsHalfDone (T16) asks the real client through the endpoints that a person waits for. What becomes
// of charges is proven elsewhere: shared/cardcom's tables, infra/faults.
func TestWhileCardcomFailsNothingIsHalfDone(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		provider := &struct{ payment.Provider }{billingtest.New()}
		f := fixtureOf(t, provider)
		m := f.memberWithCard(t, f.A)
		f.execute(t, f.A, f.charge(t, f.A, m, 100, 0)) // the day's proof has something to ask about
		before := f.row(t, f.A)
		provider.Provider = cardcom.New(o.URL, 25*time.Second)
		for name, ask := range map[string]func(c *apitest.Client) *apitest.Response{
			"connecting a gateway": func(c *apitest.Client) *apitest.Response { return c.Put(gatewayPath, terminal(nil)) },
			"a page for a card": func(c *apitest.Client) *apitest.Response {
				return c.Post(sessionsPath, map[string]any{"member_id": m})
			},
		} {
			got := ask(f.owner(t).Until(o.Context(t))).Want(503, "gateway.unreachable")
			if got.Header.Get("Retry-After") == "" || got.Field("title") == "" {
				t.Errorf("%s: %v %s", name, got.Header, got.Body)
			}
		}
		var proof proofBody // our half of the day is shown, and that the other half is missing
		f.owner(t).Until(o.Context(t)).Get("/v1/billing/proof?day=" + billingtest.Start.Format(time.DateOnly)).Want(200).Into(&proof)
		if proof.Proven || proof.kinds() != "provider_unreachable" {
			t.Errorf("%+v", proof)
		}
		if now := f.row(t, f.A); now != before {
			t.Errorf("the gateway has changed from %s\nto %s", before, now)
		}
		if n := f.count(t, "card_sessions where state <> 'creating'"); n != 0 {
			t.Errorf("%d pages are kept that do not exist", n)
		}
		if n := f.count(t, "idempotency_keys where status is not null"); n != 0 {
			t.Errorf("%d answers are kept for requests that are to be sent again", n)
		}
		if n := o.Asked(); n > 3 {
			t.Errorf("Cardcom was asked %d times for three requests", n)
		}
	})
}
