package orgapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

func env(t *testing.T) *apitest.Env {
	t.Parallel()
	return apitest.New(t, func(db *postgres.DB) []api.Endpoint {
		s := org.NewStore(db)
		return []api.Endpoint{orgapi.GetMe(s), orgapi.Get(s), orgapi.Update(s), orgapi.ListStaff(s), orgapi.UpdateStaff(s)}
	})
}

func addMember(t *testing.T, e *apitest.Env, s apitest.Studio, user string) id.Member {
	member := id.New[id.Member]()
	e.Exec(t, "insert into members (org_id, id, name, search_key, clerk_user_id) values ($1, $2, 'נועה לוי', 'נועה לוי', $3)", s.Org, member, user)
	return member
}

type me struct {
	UserID   string `json:"user_id"`
	Name     string
	Role     string
	StaffID  string `json:"staff_id"`
	MemberID string `json:"member_id"`
	May      []string
	Org      struct{ ID, Name string }
	Flags    struct {
		TestMode      bool `json:"test_mode"`
		ChargesPaused bool `json:"charges_paused"`
	}
}

func TestGetMe(t *testing.T) {
	e := env(t)
	for _, role := range tenancy.Staff {
		t.Run("a "+string(role)+" is told their role and what goes with it", func(t *testing.T) {
			var got me
			e.A.As(t, role).Get("/v1/me").Want(200).Into(&got)
			if got.Role != string(role) || got.StaffID == "" || got.MemberID != "" || got.Org.ID != e.A.Org.String() || got.Org.Name != "סטודיו צפון" {
				t.Fatalf("%+v", got)
			}
			if want := org.Permissions(role); !slices.Equal(got.May, want) {
				t.Fatalf("%v, want %v", got.May, want)
			}
		})
	}
	member := addMember(t, e, e.A, "user_noa")
	t.Run("a member is told their card's id", func(t *testing.T) {
		var got me
		e.A.AsMember(t, "user_noa").Get("/v1/me").Want(200).Into(&got)
		if got.Role != "member" || got.MemberID != member.String() || got.StaffID != "" || got.Name != "נועה לוי" {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("a member of one studio is nobody in another", func(t *testing.T) {
		e.B.AsMember(t, "user_noa").Get("/v1/me").Want(404, "org.not_found")
	})
	t.Run("an empty header names no studio, for staff too", func(t *testing.T) {
		owner := e.A.As(t, tenancy.Owner)
		owner.Headers["FitKit-Org"] = ""
		owner.Get("/v1/me").Want(404, "org.not_found")
	})
	t.Run("a coach who trains here too is the one or the other by how they signed in", func(t *testing.T) {
		var staff, trainee me
		e.A.As(t, tenancy.Coach).Get("/v1/me").Want(200).Into(&staff)
		addMember(t, e, e.A, staff.UserID)
		e.A.AsMember(t, staff.UserID).Get("/v1/me").Want(200).Into(&trainee)
		e.A.As(t, tenancy.Coach).Get("/v1/me").Want(200).Into(&staff)
		if staff.Role != "coach" || staff.Name != "" || trainee.Role != "member" || trainee.Name != "נועה לוי" {
			t.Fatalf("%+v\n%+v", staff, trainee)
		}
	})
	t.Run("flags tell of a test studio and of paused charges", func(t *testing.T) {
		e.Exec(t, "update orgs set test_mode = true, charges_paused_at = now() where id = $1", e.B.Org)
		var got me
		e.B.As(t, tenancy.Owner).Get("/v1/me").Want(200).Into(&got)
		if !got.Flags.TestMode || !got.Flags.ChargesPaused {
			t.Fatalf("%+v", got.Flags)
		}
	})
	t.Run("without a sign-in there is nobody", func(t *testing.T) {
		e.Anonymous(t).Get("/v1/me").Want(401, "auth.sign_in")
	})
}

func TestRoles(t *testing.T) {
	e := env(t)
	addMember(t, e, e.A, "user_noa")
	var person struct{ Items []struct{ ID, Role string } }
	e.A.As(t, tenancy.Owner).Get("/v1/staff").Want(200).Into(&person)
	coach := "/v1/staff/" + person.Items[3].ID
	for _, tc := range []struct {
		op   api.Op
		path string
		body any
	}{
		{orgapi.GetMeOp, "/v1/me", nil}, {orgapi.GetOp, "/v1/org", nil}, {orgapi.ListStaffOp, "/v1/staff", nil},
		{orgapi.UpdateOp, "/v1/org", map[string]any{"version": 99}}, {orgapi.UpdateStaffOp, coach, map[string]any{}},
	} {
		for _, role := range tenancy.People {
			client := e.A.AsMember(t, "user_noa")
			if role != tenancy.Member {
				client = e.A.As(t, role)
			}
			got := client.Do(tc.op.Method, tc.path, tc.body)
			if allowed := slices.Contains(tc.op.Roles, role); allowed != (got.Status != 403) {
				t.Errorf("%s %s as %s: %d %s", tc.op.Method, tc.path, role, got.Status, got.Code())
			}
		}
		e.Anonymous(t).Do(tc.op.Method, tc.path, tc.body).Want(401)
	}
}

func TestUpdateOrg(t *testing.T) {
	e := env(t)
	owner := e.A.As(t, tenancy.Owner)
	t.Run("what is left out stays as it is", func(t *testing.T) {
		got := owner.Patch("/v1/org", map[string]any{"version": 1, "tax_id": "516179157", "legal_kind": "company", "grace_days": 3}).Want(200)
		if got.Field("tax_id") != "516179157" || got.Field("name") != "סטודיו צפון" || got.Field("dunning_end") != "suspend" {
			t.Fatalf("%s", got.Body)
		}
		var o struct {
			Version   int
			GraceDays int `json:"grace_days"`
		}
		owner.Get("/v1/org").Want(200).Into(&o)
		if o.Version != 2 || o.GraceDays != 3 {
			t.Fatalf("%+v", o)
		}
	})
	t.Run("a change made on an old version is refused and changes nothing", func(t *testing.T) {
		owner.Patch("/v1/org", map[string]any{"version": 1, "name": "אחר"}).Want(409, "org.version_conflict")
		if got := owner.Get("/v1/org").Field("name"); got != "סטודיו צפון" {
			t.Fatalf("name %q", got)
		}
	})
	t.Run("an empty tax number removes it", func(t *testing.T) {
		if got := owner.Patch("/v1/org", map[string]any{"version": 2, "tax_id": ""}).Want(200); strings.Contains(string(got.Body), "516179157") {
			t.Fatalf("%s", got.Body)
		}
	})
	for name, change := range map[string]map[string]any{
		"a tax number with a wrong check digit": {"tax_id": "516179158"},
		"a tax number of zeros":                 {"tax_id": "000000000"},
		"a tax number that is too short":        {"tax_id": "51617915"},
		"a blank name":                          {"name": "  "},
		"a name with a line end":                {"name": "a\nb"},
		"an unknown language":                   {"language": "fr"},
		"a negative grace":                      {"grace_days": -1},
		"another organisation's id":             {"org_id": e.B.Org.String()},
		"a test clock":                          {"test_mode": true},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			change["version"] = 3
			owner.Patch("/v1/org", change).Want(422)
		})
	}
	t.Run("the other studio is as it was", func(t *testing.T) {
		if n := postgrestest.Get[int](t, e.Database, "select version from orgs where id = $1", e.B.Org); n != 1 {
			t.Fatalf("version %d", n)
		}
	})
	t.Run("the trail names the fields and not what they hold", func(t *testing.T) {
		got := postgrestest.Get[string](t, e.Database, "select string_agg(data::text, ' ' order by id) from audit_log where org_id = $1 and action = 'org.updated'", e.A.Org)
		if want := `{"fields": ["tax_id", "legal_kind", "grace_days"]} {"fields": ["tax_id"]}`; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func TestStaff(t *testing.T) {
	e := env(t)
	owner := e.A.As(t, tenancy.Owner)
	ids := map[string]string{}
	t.Run("staff are listed page by page, each once", func(t *testing.T) {
		cursor := ""
		for page := 0; page < 4; page++ {
			var got struct {
				Items []struct{ ID, Role string }
				Next  string `json:"next_cursor"`
			}
			owner.Get("/v1/staff?limit=1&cursor=" + cursor).Want(200).Into(&got)
			ids[got.Items[0].Role], cursor = got.Items[0].ID, got.Next
		}
		if len(ids) != 4 || cursor != "" {
			t.Fatalf("%v, cursor %q", ids, cursor)
		}
	})
	t.Run("a made-up cursor is refused", func(t *testing.T) {
		owner.Get("/v1/staff?cursor=eHg").Want(422, "request.invalid")
	})
	t.Run("a filter without a value is refused and lists nobody", func(t *testing.T) {
		if got := string(owner.Get("/v1/staff?status=").Want(422, "request.invalid").Body); !strings.Contains(got, `"location":"query.status"`) {
			t.Fatal(got)
		}
		if got := string(owner.Get("/v1/staff?4580000000000000=").Want(422, "request.invalid").Body); strings.Contains(got, "4580") {
			t.Fatal(got)
		}
	})
	t.Run("a new role counts from the next request", func(t *testing.T) {
		coach := e.A.As(t, tenancy.Coach)
		coach.Patch("/v1/org", map[string]any{"version": 1}).Want(403)
		owner.Patch("/v1/staff/"+ids["coach"], map[string]any{"role": "manager"}).Want(200)
		coach.Patch("/v1/org", map[string]any{"version": 1}).Want(200)
	})
	t.Run("a removed person's next request is refused", func(t *testing.T) {
		desk := e.A.As(t, tenancy.FrontDesk)
		desk.Get("/v1/org").Want(200)
		owner.Patch("/v1/staff/"+ids["front_desk"], map[string]any{"status": "removed"}).Want(200)
		desk.Get("/v1/org").Want(404, "org.not_found")
		desk.Get("/v1/me").Want(404, "org.not_found")
		if got := owner.Get("/v1/staff?status=removed"); !strings.Contains(string(got.Body), ids["front_desk"]) {
			t.Fatalf("%s", got.Body)
		}
	})
	t.Run("the last owner can neither leave nor step down", func(t *testing.T) {
		for _, change := range []map[string]any{{"status": "removed"}, {"role": "manager"}} {
			owner.Patch("/v1/staff/"+ids["owner"], change).Want(409, "org.last_owner")
		}
		owner.Patch("/v1/staff/"+ids["manager"], map[string]any{"role": "owner"}).Want(200)
		owner.Patch("/v1/staff/"+ids["owner"], map[string]any{"role": "manager"}).Want(200)
	})
	t.Run("another studio's person and a random id answer alike", func(t *testing.T) {
		other := postgrestest.Get[string](t, e.Database, "select id::text from staff where org_id = $1 and role = 'coach'", e.B.Org)
		boss := e.A.As(t, tenancy.Manager) // an owner by now
		first := boss.Patch("/v1/staff/"+other, map[string]any{"status": "removed"}).Want(404, "staff.not_found")
		second := boss.Patch("/v1/staff/"+id.New[id.Staff]().String(), map[string]any{"status": "removed"}).Want(404, "staff.not_found")
		if a, b := anonymised(first), anonymised(second); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	})
	t.Run("an unknown role is refused", func(t *testing.T) {
		e.A.As(t, tenancy.Manager).Patch("/v1/staff/"+ids["coach"], map[string]any{"role": "member"}).Want(422)
	})
}

// anonymised is the body without its correlation id.
func anonymised(r *apitest.Response) string {
	var body map[string]any
	r.Into(&body)
	delete(body, "correlation_id")
	return fmt.Sprint(body)
}

// Two owners who demote each other at the same moment are not both obeyed.
func TestTwoOwnersCannotBothStepDown(t *testing.T) {
	e := env(t)
	e.Exec(t, "update staff set role = 'owner' where org_id = $1 and role in ('owner', 'manager')", e.A.Org)
	var people struct{ Items []struct{ ID, Role string } }
	e.A.As(t, tenancy.Owner).Get("/v1/staff").Want(200).Into(&people)
	done := make(chan int, 2)
	for _, p := range people.Items {
		if p.Role == "owner" {
			client := e.A.As(t, tenancy.Owner)
			go func() { done <- client.Patch("/v1/staff/"+p.ID, map[string]any{"role": "coach"}).Status }()
		}
	}
	if a, b := <-done, <-done; a == b {
		t.Fatalf("both answered %d", a)
	}
	if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from staff where org_id = $1 and role = 'owner'", e.A.Org); n != 1 {
		t.Fatalf("%d owners", n)
	}
}
