package membershipapi_test

import (
	"strings"
	"testing"

	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/tenancy"
)

func TestGetMembership(t *testing.T) {
	e := env(t)
	dana, mother := e.join(t, e.A, "dana"), e.join(t, e.A, "mother")
	e.join(t, e.A, "stranger")
	e.join(t, e.B, "theirs")
	plan := e.plan(t, e.A, "חופשי", "recurring", monthly)
	m := e.A.As(t, tenancy.Owner).Post("/v1/sales", body{"member_id": dana, "payer_id": mother, "plan_id": plan, "price_agorot": 24900, "start_on": "2026-04-16"}).Want(201).Field("id")
	path := "/v1/memberships/" + m
	for k := range 14 { // months of the past, paid by the mother
		e.Exec(t, `insert into charges (org_id, id, member_id, membership_id, kind, period, amount, description, due_at)
values ($1, app.uuidv7(), $2, $3, 'period', daterange(date '2025-01-15' + 30 * $4::int, date '2025-02-14' + 30 * $4::int), 24900, 'חופשי', timestamptz '2025-01-15 07:00Z' + $4::int * interval '30 days')`,
			e.A.Org, mother, m, k)
	}

	t.Run("it shows the next charge and the last twelve, the latest first", func(t *testing.T) {
		got := read(e.A.As(t, tenancy.Coach).Get(path).Want(200))
		has(t, got, body{"id": m, "state": "pending_payment", "next_charge": body{"at": "2026-04-16T06:00:00Z", "amount_agorot": 24900}})
		charges := got["charges"].([]any)
		if len(charges) != 12 {
			t.Fatalf("%d charges", len(charges))
		}
		has(t, charges[0].(body), body{"due_at": "2026-02-09T07:00:00Z", "period_from": "2026-02-09", "period_to": "2026-03-11", "kind": "period", "state": "due"})
		has(t, charges[11].(body), body{"due_at": "2025-03-16T07:00:00Z"})
	})
	for name, c := range map[string]*apitest.Client{"the member": e.A.AsMember(t, "user_dana"), "the payer": e.A.AsMember(t, "user_mother")} {
		t.Run(name+" may read it", func(t *testing.T) {
			if n := len(read(c.Get(path).Want(200))["charges"].([]any)); n != 12 {
				t.Fatalf("%d charges", n)
			}
		})
	}
	t.Run("to everybody else it does not exist", func(t *testing.T) {
		random := e.A.As(t, tenancy.Owner).Get("/v1/memberships/"+id.New[id.Membership]().String()).Want(404, "membership.not_found")
		for _, c := range []*apitest.Client{e.A.AsMember(t, "user_stranger"), e.B.As(t, tenancy.Owner), e.B.AsMember(t, "user_theirs")} {
			has(t, read(c.Get(path).Want(404, "membership.not_found")), body{"title": read(random)["title"], "title_he": read(random)["title_he"]})
		}
	})
}

func TestListMemberships(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	dana, mother := e.join(t, e.A, "dana"), e.join(t, e.A, "mother")
	free, ten := e.plan(t, e.A, "חופשי", "recurring", monthly), e.plan(t, e.A, "כרטיסייה", "pack", pack)
	sell := func(b body) string { return desk.Post("/v1/sales", b).Want(201).Field("id") }
	a := sell(body{"member_id": dana, "payer_id": mother, "plan_id": free, "price_agorot": 24900})
	b := sell(body{"member_id": mother, "plan_id": free, "price_agorot": 24900})
	c := sell(body{"member_id": dana, "plan_id": ten, "price_agorot": 60000})
	e.Exec(t, "update memberships set state = 'active' where id = $1", c)
	e.join(t, e.A, "stranger")

	ids := func(r *apitest.Response) (list []string) {
		for _, m := range read(r.Want(200))["items"].([]any) {
			list = append(list, m.(body)["id"].(string))
		}
		return list
	}
	for name, tc := range map[string]struct {
		client *apitest.Client
		query  string
		want   []string
	}{
		"staff list all, the latest first":         {desk, "", []string{c, b, a}},
		"staff list one member's":                  {desk, "?member_id=" + dana, []string{c, a}},
		"staff list a plan's":                      {desk, "?plan_id=" + free, []string{b, a}},
		"staff list those in a state":              {desk, "?state=active", []string{c}},
		"filters narrow together":                  {desk, "?state=pending_payment&member_id=" + dana, []string{a}},
		"a member lists what they hold or pay for": {e.A.AsMember(t, "user_mother"), "", []string{b, a}},
		"a payer lists what they pay for another":  {e.A.AsMember(t, "user_mother"), "?member_id=" + dana, []string{a}},
		"a member without any lists none":          {e.A.AsMember(t, "user_stranger"), "", nil},
		"another studio lists none of this one's":  {e.B.As(t, tenancy.Owner), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			has(t, body{"ids": ids(tc.client.Get("/v1/memberships" + tc.query))}, body{"ids": tc.want})
		})
	}
	t.Run("a member of nobody's, of another studio and of another's sight are one answer", func(t *testing.T) { // red with any of them an empty list
		e.join(t, e.B, "theirs")
		nobody := id.New[id.Member]().String()
		for _, c := range []*apitest.Client{e.B.As(t, tenancy.Owner), e.B.AsMember(t, "user_theirs"), e.A.AsMember(t, "user_stranger"), e.A.AsMember(t, "user_dana")} {
			for _, member := range []string{mother, nobody} {
				c.Get("/v1/memberships?member_id="+member).Want(404, "membership.member_not_found")
			}
		}
		desk.Get("/v1/memberships?member_id="+nobody).Want(404, "membership.member_not_found")
	})
	t.Run("pages follow one another", func(t *testing.T) {
		first := desk.Get("/v1/memberships?limit=2")
		has(t, body{"ids": ids(first)}, body{"ids": []string{c, b}})
		last := desk.Get("/v1/memberships?limit=2&cursor=" + read(first)["next_cursor"].(string))
		has(t, body{"ids": ids(last), "next": read(last)["next_cursor"]}, body{"ids": []string{a}, "next": nil})
	})
	t.Run("an unknown state or parameter is refused", func(t *testing.T) {
		desk.Get("/v1/memberships?state=arrears").Want(422, "request.invalid")
		desk.Get("/v1/memberships?member_id=dana").Want(422, "request.invalid")
		desk.Get("/v1/memberships?org_id="+e.B.Org.String()).Want(422, "request.invalid")
	})
}

func TestWhoMayDoWhat(t *testing.T) {
	e := env(t)
	dana := e.join(t, e.A, "dana")
	plan := e.plan(t, e.A, "חופשי", "recurring", monthly)
	sale := body{"member_id": dana, "plan_id": plan, "price_agorot": 24900}
	m := e.A.As(t, tenancy.Owner).Post("/v1/sales", sale).Want(201).Field("id")
	all := []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Coach, tenancy.Member}
	for name, tc := range map[string]struct {
		method, path string
		body         any
		may          string // o, m, f, c, and p for the member: a person
	}{
		"create a plan":     {"POST", "/v1/plans", body{"name": "חדשה", "type": "pack"}, "om"},
		"publish a version": {"POST", "/v1/plans/" + plan + "/versions", monthly, "om"},
		"list plans":        {"GET", "/v1/plans", nil, "omfcp"},
		"preview a sale":    {"POST", "/v1/sales/preview", body{"plan_id": plan}, "omfp"},
		"sell":              {"POST", "/v1/sales", sale, "omfp"},
		"read a membership": {"GET", "/v1/memberships/" + m, nil, "omfcp"},
		"list memberships":  {"GET", "/v1/memberships", nil, "omfcp"},
	} {
		for i, role := range all {
			t.Run(string(role)+" and "+name, func(t *testing.T) {
				client := e.A.AsMember(t, "user_dana")
				if role != tenancy.Member {
					client = e.A.As(t, role)
				}
				refused := client.Do(tc.method, tc.path, tc.body).Code() == "auth.role_not_allowed"
				if may := strings.Contains(tc.may, "omfcp"[i:i+1]); may == refused {
					t.Fatalf("may: %v, refused: %v", may, refused)
				}
			})
		}
		t.Run("nobody without a sign-in may "+name, func(t *testing.T) {
			e.Anonymous(t).Do(tc.method, tc.path, tc.body).Want(401, "auth.sign_in")
		})
	}
}
