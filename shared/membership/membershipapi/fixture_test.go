package membershipapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	_ "time/tzdata" // so that the studio's zone is known on a machine without it

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/billing"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

// today is the test studio's day: 09:30 in Jerusalem, on a Wednesday. A coming Saturday is 2026-04-18.
const (
	today = "2026-04-15"
	now   = "2026-04-15T06:30:00Z"
)

// charger is billing, joined to sales as in the function.
type charger struct{ store *billing.Store }

func (c charger) CreateInTx(ctx context.Context, tx postgres.Tx, n membership.NewCharge) (id.Charge, error) {
	return c.store.CreateInTx(ctx, tx, billing.NewCharge(n))
}

func (c charger) PlanInTx(ctx context.Context, tx postgres.Tx, sold id.Membership) error {
	return c.store.PlanInTx(ctx, tx, sold)
}

func endpoints(db *postgres.DB) []api.Endpoint {
	s := membership.NewStore(db)
	return []api.Endpoint{membershipapi.CreatePlan(s), membershipapi.PublishPlanVersion(s), membershipapi.ListPlans(s), membershipapi.PreviewSale(s),
		membershipapi.Sell(membership.NewSales(db, charger{billing.NewStore(db)})), membershipapi.Get(s), membershipapi.List(s)}
}

type environment struct{ *apitest.Env }

// env is both studios on the test clock.
func env(t *testing.T) environment {
	t.Helper()
	t.Parallel()
	e := apitest.New(t, endpoints)
	e.Exec(t, "update orgs set test_mode = true, test_now = $1::timestamptz", now)
	return environment{e}
}

type body = map[string]any

// with is b with other members changed or added; nil takes one away.
func (e environment) with(b, change body) body {
	out := maps.Clone(b)
	for k, v := range change {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

// join makes a member of a studio who signs in as user_<name>.
func (e environment) join(t *testing.T, s apitest.Studio, name string) string {
	t.Helper()
	member := id.New[id.Member]().String()
	e.Exec(t, "insert into members (org_id, id, name, search_key, clerk_user_id) values ($1, $2, $3, $3, 'user_' || $3)", s.Org, member, name)
	return member
}

// plan makes a plan and publishes terms, unless they are nil.
func (e environment) plan(t *testing.T, s apitest.Studio, name string, kind membership.Type, terms body) string {
	t.Helper()
	owner := s.As(t, tenancy.Owner)
	plan := owner.Post("/v1/plans", body{"name": name, "type": kind}).Want(201).Field("id")
	if terms != nil {
		owner.Post("/v1/plans/"+plan+"/versions", terms).Want(201)
	}
	return plan
}

var (
	monthly = body{"price_agorot": 24900, "pay_mode": "monthly"}
	pack    = body{"price_agorot": 60000, "pay_mode": "upfront", "entries": 10, "validity_days": 90}
	trial   = body{"price_agorot": 5000, "pay_mode": "upfront", "validity_days": 7}
)

// count counts rows past row-level security.
func (e environment) count(t *testing.T, table, where string, args ...any) int {
	t.Helper()
	return postgrestest.Get[int](t, e.Database, fmt.Sprintf("select count(*) from %s where %s", table, where), args...)
}

// read is an answer's body.
func read(r *apitest.Response) body {
	var b body
	r.Into(&b)
	return b
}

// has fails the test unless got has the members of want, compared as JSON; nil: the member is missing.
func has(t *testing.T, got, want body) {
	t.Helper()
	for k, v := range want {
		g, there := got[k]
		if v == nil && !there {
			continue
		}
		if a, b := asJSON(t, g), asJSON(t, v); a != b {
			t.Errorf("%s is %s, want %s", k, a, b)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
