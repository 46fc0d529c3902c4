package billingapi_test

import (
	"context"
	"encoding/hex"
	"testing"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// fixture is the endpoints with two studios, both on test clocks that stand at billingtest.Start, and a provider of a few lines.
type fixture struct {
	*apitest.Env
	provider  *listingProvider
	collector *billing.Collector
	ring      *seal.Ring
	gateways  map[id.Org]id.Gateway
}

// listingProvider can also be unreachable, refuse credentials, or list what nobody booked.
type listingProvider struct {
	*billingtest.Provider
	refuses     error // probes and hosted pages
	probed      []payment.Credentials
	meanwhile   func() // done once, before the next probe or page is answered
	unreachable error
	listed      func([]payment.Transaction) []payment.Transaction
	asked       [][2]time.Time
}

func (p *listingProvider) Probe(_ context.Context, c payment.Credentials) error {
	p.probed = append(p.probed, c)
	p.pause()
	return p.refuses
}

func (p *listingProvider) pause() {
	if do := p.meanwhile; do != nil {
		p.meanwhile = nil
		do()
	}
}

func (p *listingProvider) OpenCheckout(ctx context.Context, c payment.Credentials, r payment.CheckoutRequest) (payment.Checkout, error) {
	p.pause()
	if p.refuses != nil {
		return payment.Checkout{}, p.refuses
	}
	return p.Provider.OpenCheckout(ctx, c, r)
}

func (p *listingProvider) List(ctx context.Context, c payment.Credentials, first, last time.Time) ([]payment.Transaction, error) {
	p.asked = append(p.asked, [2]time.Time{first, last})
	if p.unreachable != nil {
		return nil, p.unreachable
	}
	list, err := p.Provider.List(ctx, c, first, last)
	if p.listed != nil {
		list = p.listed(list)
	}
	return list, err
}

var pages = billing.Pages{AppURL: "https://app.example", APIURL: "https://api.example"}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	provider := &listingProvider{Provider: billingtest.New()}
	f := fixtureOf(t, provider)
	f.provider = provider
	return f
}

// fixtureOf is the same with another provider.
func fixtureOf(t *testing.T, provider payment.Provider) *fixture {
	t.Helper()
	f := &fixture{gateways: map[id.Org]id.Gateway{}}
	ring, err := seal.NewRing(secret.Secret(hex.EncodeToString(make([]byte, 31))+"01"), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.ring = ring
	f.Env = apitest.New(t, func(db *postgres.DB) []api.Endpoint {
		s := billing.NewStore(db)
		f.collector = billing.NewCollector(db, provider, ring, 3*time.Second)
		return []api.Endpoint{billingapi.ListPaymentMethods(s), billingapi.RemovePaymentMethod(s), billingapi.CreateCharge(s),
			billingapi.VoidCharge(s), billingapi.ListCharges(s), billingapi.ListArrears(s), billingapi.RetryCharge(s),
			billingapi.GetBillingProof(f.collector), billingapi.ConnectGateway(f.collector), billingapi.CreateCardSession(f.collector, pages),
			billingapi.CloseCase(s)}
	})
	for _, studio := range []apitest.Studio{f.A, f.B} {
		f.open(t, studio)
	}
	return f
}

// open gives a studio a test clock and a gateway.
func (f *fixture) open(t testing.TB, studio apitest.Studio) {
	g := id.New[id.Gateway]()
	f.gateways[studio.Org] = g
	f.Exec(t, "update orgs set test_mode = true, test_now = $2 where id = $1", studio.Org, billingtest.Start)
	creds := f.ring.Seal([]byte(`{"api_name":"n","api_password":"p"}`), seal.Place{Org: studio.Org.String(), Table: "gateways", Column: "creds_ct", Row: g.String()})
	key := f.ring.ActiveKey()
	f.Exec(t, `insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, verified_at)
		values ($1, $2, 'cardcom', 'test', '1000', $3, $4, $5, now())`, studio.Org, g, creds, key[:], g.String())
}

// member is a member without a card, who signs in as user_<id>.
func (f *fixture) member(t testing.TB, studio apitest.Studio) id.Member {
	m := id.New[id.Member]()
	f.Exec(t, `insert into members (org_id, id, name, search_key, clerk_user_id) values ($1, $2, 'נועה לוי', 'נועה לוי', $3)`, studio.Org, m, "user_"+m.String())
	return m
}

func as(t testing.TB, studio apitest.Studio, m id.Member) *apitest.Client {
	return studio.AsMember(t, "user_"+m.String())
}

func (f *fixture) card(t testing.TB, studio apitest.Studio, m id.Member, isDefault bool) id.PaymentMethod {
	pm := id.New[id.PaymentMethod]()
	token := f.ring.Seal([]byte("token"), seal.Place{Org: studio.Org.String(), Table: "payment_methods", Column: "token_ct", Row: pm.String()})
	key := f.ring.ActiveKey()
	f.Exec(t, `insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, brand, last4, exp_month, exp_year, is_default)
		values ($1, $2, $3, $4, $5, $6, 'Visa', '4242', 12, 2030, $7)`, studio.Org, pm, m, f.gateways[studio.Org], token, key[:], isDefault)
	return pm
}

func (f *fixture) memberWithCard(t testing.TB, studio apitest.Studio) id.Member {
	m := f.member(t, studio)
	f.card(t, studio, m, true)
	return m
}

// charge is a charge that fell due so long before the studio's now.
func (f *fixture) charge(t testing.TB, studio apitest.Studio, m id.Member, amount int, ago time.Duration) id.Charge {
	c := id.New[id.Charge]()
	f.Exec(t, `insert into charges (org_id, id, member_id, kind, amount, description, due_at)
		values ($1, $2, $3, 'one_off', $4, 'test', (select test_now from orgs where id = $1) - $5::interval)`, studio.Org, c, m, amount, ago.String())
	return c
}

func (f *fixture) execute(t testing.TB, studio apitest.Studio, c id.Charge) {
	t.Helper()
	due := &billing.DueCharge{Ctx: t.Context(), Caller: tenancy.ForOrg(studio.Org, "test"), Message: billing.ExecuteCharge{ChargeID: c}}
	if f.collector.Execute([]*billing.DueCharge{due}); due.Err != nil {
		t.Fatal(due.Err)
	}
}

func (f *fixture) answers(o payment.Outcome) {
	f.provider.Answer = func(payment.ChargeRequest) payment.Outcome { return o }
}

func (f *fixture) state(t testing.TB, c id.Charge) string {
	t.Helper()
	return postgrestest.Get[string](t, f.Database, "select state from charges where id = $1", c)
}

func (f *fixture) count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	return postgrestest.Get[int](t, f.Database, "select count(*) from "+sql, args...)
}

var (
	declined = payment.Outcome{State: payment.Declined, Code: "004"}
	lost     = payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_answer"}
)

// wait moves a studio's test clock on.
func (f *fixture) wait(t testing.TB, studio apitest.Studio, d time.Duration) {
	t.Helper()
	f.Exec(t, "update orgs set test_now = test_now + $2::interval where id = $1", studio.Org, d.String())
}

// refused checks that each of these roles may not send the request.
func refused(t *testing.T, studio apitest.Studio, method, path string, body any, roles ...tenancy.Role) {
	t.Helper()
	for _, role := range roles {
		studio.As(t, role).Do(method, path, body).Want(403, "auth.role_not_allowed")
	}
}

// owner is the first studio's owner, freshly signed in.
func (f *fixture) owner(t testing.TB) *apitest.Client { return f.A.As(t, tenancy.Owner) }
