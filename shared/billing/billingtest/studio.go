package billingtest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// Studio is a test organisation with a gateway, whose members have cards.
type Studio struct {
	*postgrestest.Database
	Provider  *Provider
	Collector *billing.Collector
	Org       id.Org
	Caller    tenancy.Caller
	Gateway   id.Gateway
	ring      *seal.Ring
}

// Start is when a studio's test clock stands at first: a Sunday, 08:00 in Israel.
var Start = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// NewStudio makes a studio on a database of its own.
func NewStudio(t testing.TB) *Studio {
	t.Helper()
	s := &Studio{Database: postgrestest.New(t), Provider: New(), Org: id.New[id.Org](), Gateway: id.New[id.Gateway]()}
	ring, err := seal.NewRing(secret.Secret(Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.ring = ring
	s.Collector = billing.NewCollector(s.DB, s.Provider, ring, 3*time.Second)
	s.Caller = tenancy.ForOrg(s.Org, "test")
	s.Exec(t, `insert into orgs (id, clerk_org_id, name, slug, test_mode, test_now) values ($1, $2, 'סטודיו', 's', true, $3)`, s.Org, "org_"+s.Org.String(), Start)
	creds := ring.Seal([]byte(`{"api_name":"`+APIName+`","api_password":"`+APIPassword+`"}`), seal.Place{Org: s.Org.String(), Table: "gateways", Column: "creds_ct", Row: s.Gateway.String()})
	key := ring.ActiveKey()
	s.Exec(t, `insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, verified_at)
		values ($1, $2, 'cardcom', 'test', $6, $3, $4, $5, now())`, s.Org, s.Gateway, creds, key[:], s.Gateway.String(), strconv.Itoa(Terminal))
	return s
}

// Member makes a member with a saved card.
func (s *Studio) Member(t testing.TB) id.Member {
	t.Helper()
	m, pm := id.New[id.Member](), id.New[id.PaymentMethod]()
	s.Exec(t, `insert into members (org_id, id, name, search_key) values ($1, $2, 'נועה לוי', 'נועה לוי')`, s.Org, m)
	token := s.ring.Seal([]byte("token-"+pm.String()), seal.Place{Org: s.Org.String(), Table: "payment_methods", Column: "token_ct", Row: pm.String()})
	key := s.ring.ActiveKey()
	s.Exec(t, `insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, last4, exp_month, exp_year, is_default)
		values ($1, $2, $3, $4, $5, $6, '0000', 12, 2030, true)`, s.Org, pm, m, s.Gateway, token, key[:])
	return m
}

// Charge makes a charge that is due now.
func (s *Studio) Charge(t testing.TB, m id.Member, amount money.Agorot) id.Charge {
	t.Helper()
	c := id.New[id.Charge]()
	s.Exec(t, `insert into charges (org_id, id, member_id, kind, amount, description, due_at) values ($1, $2, $3, 'one_off', $4, 'test', (select test_now from orgs where id = $1))`,
		s.Org, c, m, amount)
	return c
}

// Membership sells a monthly membership from start on, at price, the first period due at once.
func (s *Studio) Membership(t testing.TB, m id.Member, start time.Time, price money.Agorot) id.Membership {
	t.Helper()
	plan, version, ms := id.New[id.Plan](), id.New[id.PlanVersion](), id.New[id.Membership]()
	s.Exec(t, `insert into plans (org_id, id, name, type, status) values ($1, $2, $3, 'recurring', 'published')`, s.Org, plan, plan.String())
	s.Exec(t, `insert into plan_versions (org_id, id, plan_id, version, price, pay_mode, effective, published_at) values ($1, $2, $3, 1, $4, 'monthly', '[2026-01-01,)', now())`,
		s.Org, version, plan, price)
	s.Exec(t, `insert into memberships (org_id, id, member_id, plan_version_id, payer_id, type, state, price, pay_mode, start_on, anchor_day, next_charge_at)
		values ($1, $2, $3, $4, $3, 'recurring', 'pending_payment', $5, 'monthly', $6::date, extract(day from $6::date)::int, $7)`, s.Org, ms, m, version, price, start, start)
	return ms
}

// SetNow moves the test clock.
func (s *Studio) SetNow(t testing.TB, now time.Time) {
	t.Helper()
	s.Exec(t, "update orgs set test_now = $2 where id = $1", s.Org, now)
}

// State is the charge's state.
func (s *Studio) State(t testing.TB, c id.Charge) string {
	t.Helper()
	return postgrestest.Get[string](t, s.Database, "select state from charges where org_id = $1 and id = $2", s.Org, c)
}

// Execute runs the charge's job once.
func (s *Studio) Execute(t testing.TB, c id.Charge) {
	t.Helper()
	if err := s.ExecuteTogether(t.Context(), c)[0]; err != nil {
		t.Fatal(err)
	}
}

// ExecuteTogether runs the charges' jobs together, and says what became of each.
func (s *Studio) ExecuteTogether(ctx context.Context, charges ...id.Charge) []error {
	var work []*billing.DueCharge
	for _, c := range charges {
		work = append(work, &billing.DueCharge{Ctx: ctx, Caller: s.Caller, Message: billing.ExecuteCharge{ChargeID: c}})
	}
	s.Collector.Execute(work)
	errs := make([]error, len(work))
	for i, w := range work {
		errs[i] = w.Err
	}
	return errs
}
