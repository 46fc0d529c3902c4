package memberapi_test

import (
	"slices"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

func TestCreate(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	t.Run("what is typed is brought to one form", func(t *testing.T) {
		got := create(t, e.A, body{"name": "נועה לוי־כהן", "latin_name": "Noa Levi", "phone": "\u200e052-123 4567", "email": " Noa@Example.COM ", "birth_date": "1990-02-28"})
		if *got.Phone != "+972521234567" || *got.Email != "noa@example.com" || *got.Birth != "1990-02-28" || got.Language != "he" ||
			got.Access != "full" || got.Status != "active" || got.Version != 1 || got.Name != "נועה לוי־כהן" || got.SignsIn || got.NationalID != nil {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("a phone that another active member has is refused", func(t *testing.T) {
		desk.Post("/v1/members", body{"name": "אחר", "phone": "+972 (0)52 123 4567"}).Want(409, "member.phone_taken")
	})
	t.Run("a family may share one, if that is meant", func(t *testing.T) {
		create(t, e.A, body{"name": "ילד", "phone": "0521234567", "allow_shared_phone": true})
		desk.Post("/v1/members", body{"name": "אחר", "phone": "0521234567"}).Want(409, "member.phone_taken")
	})
	t.Run("another studio may have the same person", func(t *testing.T) {
		create(t, e.B, body{"name": "נועה לוי־כהן", "phone": "0521234567"})
	})
	t.Run("a member without phone or e-mail is normal", func(t *testing.T) {
		create(t, e.A, body{"name": "סבתא"})
		create(t, e.A, body{"name": "סבא"})
	})
	for name, tc := range map[string]struct {
		body body
		code string
	}{
		"a blank name":                  {body{"name": " \t"}, "member.name_invalid"},
		"a name with a line end":        {body{"name": "א\nב"}, "member.name_invalid"},
		"a name too long when composed": {body{"name": strings.Repeat("\ufb2a", 200)}, "member.name_invalid"},
		"a name of 201 letters":         {body{"name": strings.Repeat("א", 201)}, "request.invalid"},
		"half a phone":                  {body{"name": "x", "phone": "0521234"}, "member.phone_invalid"},
		"an e-mail with a name beside":  {body{"name": "x", "email": "Noa <noa@example.com>"}, "member.email_invalid"},
		"no e-mail":                     {body{"name": "x", "email": "noa"}, "member.email_invalid"},
		"a day that is none":            {body{"name": "x", "birth_date": "1990-02-30"}, "member.birth_date_invalid"},
		"a birth in the future":         {body{"name": "x", "birth_date": "2190-01-01"}, "member.birth_date_invalid"},
		"a language we do not write":    {body{"name": "x", "language": "fr"}, "request.invalid"},
		"another organisation's id":     {body{"name": "x", "org_id": e.B.Org.String()}, "request.invalid"},
		"an access level":               {body{"name": "x", "access_level": "full"}, "request.invalid"},
		"no name":                       {body{}, "request.invalid"},
	} {
		t.Run(name+" is refused", func(t *testing.T) { desk.Post("/v1/members", tc.body).Want(422, tc.code) })
	}
	t.Run("the same key makes one member", func(t *testing.T) {
		again := e.A.As(t, tenancy.Owner)
		again.Headers["Idempotency-Key"] = "k1"
		first := again.Post("/v1/members", body{"name": "פעם אחת"}).Want(201)
		if second := again.Post("/v1/members", body{"name": "פעם אחת"}).Want(201); string(first.Body) != string(second.Body) {
			t.Fatalf("%s\n%s", first.Body, second.Body)
		}
		again.Post("/v1/members", body{"name": "אחר"}).Want(422, "idempotency.key_reused")
	})
	t.Run("two who come at once with one phone are one member", func(t *testing.T) {
		done := make(chan int, 8)
		for range cap(done) {
			c := e.A.As(t, tenancy.FrontDesk)
			go func() { done <- c.Post("/v1/members", body{"name": "תאום", "phone": "03-5551234"}).Status }()
		}
		made := 0
		for range cap(done) {
			if <-done == 201 {
				made++
			}
		}
		if made != 1 {
			t.Fatalf("%d members", made)
		}
	})
}

func TestGet(t *testing.T) {
	e := env(t)
	noa, dan, other := create(t, e.A, body{"name": "נועה"}), create(t, e.A, body{"name": "דן"}), create(t, e.B, body{"name": "אחר"})
	self := signIn(t, e, e.A, noa, "user_noa")
	t.Run("a member reads their own card", func(t *testing.T) {
		if got := read(self.Get("/v1/members/" + noa.ID).Want(200)); got.Name != "נועה" || !got.SignsIn {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("and nobody else's", func(t *testing.T) { nobody(t, self, "GET", "/v1/members/%s", nil, dan.ID, other.ID) })
	t.Run("staff see no other studio's", func(t *testing.T) {
		nobody(t, e.A.As(t, tenancy.Owner), "GET", "/v1/members/%s", nil, other.ID)
	})
	t.Run("an id in another spelling is refused", func(t *testing.T) {
		e.A.As(t, tenancy.Owner).Get("/v1/members/"+strings.ToUpper(noa.ID)).Want(422, "request.invalid")
	})
	t.Run("the access level is on the card", func(t *testing.T) {
		e.Exec(t, "update members set access_level = 'no_checkin' where id = $1", dan.ID)
		if got := read(e.A.As(t, tenancy.Coach).Get("/v1/members/" + dan.ID).Want(200)); got.Access != "no_checkin" {
			t.Fatalf("%+v", got)
		}
	})
}

// Red with the payer's memberships taken for the member's, with void charges counted, with a month after the cancellation counted,
// and with the coach shown it.
func TestGetTellsTheNextCharge(t *testing.T) {
	e := env(t)
	payer, holder := create(t, e.A, body{"name": "אמא"}), create(t, e.A, body{"name": "נועה"})
	desk, self := e.A.As(t, tenancy.FrontDesk), signIn(t, e, e.A, payer, "user_payer")
	want := func(c *apitest.Client, member, due string) {
		t.Helper()
		text := string(c.Get("/v1/members/" + member).Want(200).Body)
		if due != "null" {
			due = `{"due_at":"` + strings.Replace(due, " ", `","amount_agorot":`, 1) + "}"
		}
		if !strings.Contains(text, `"next_charge":`+due) {
			t.Fatalf("not %s: %s", due, text)
		}
	}
	want(desk, payer.ID, "null")
	sell(t, e, e.A, holder.ID, payer.ID)
	e.Exec(t, "update memberships set next_period = 3, next_charge_at = '2026-04-01 06:00Z'")
	want(desk, payer.ID, "2026-04-01T06:00:00Z 24900")
	want(desk, holder.ID, "null") // somebody else pays
	owe(t, e, e.A, payer.ID)
	e.Exec(t, "update charges set due_at = '2026-03-20 06:00Z'")
	for _, state := range []string{"due", "in_flight", "failed"} {
		e.Exec(t, "update charges set state = $1", state)
		want(desk, payer.ID, "2026-03-20T06:00:00Z 5000")
	}
	e.Exec(t, "update charges set state = 'void'")
	want(self, payer.ID, "2026-04-01T06:00:00Z 24900")
	want(e.A.As(t, tenancy.Coach), payer.ID, "null")
	e.Exec(t, "update memberships set cancel_notice_at = '2026-03-20', cancel_effective_on = '2026-04-01'")
	want(desk, payer.ID, "null")
}

func TestUpdate(t *testing.T) {
	e := env(t)
	noa, other := create(t, e.A, body{"name": "נועה", "phone": "0521234567"}), create(t, e.B, body{"name": "אחר"})
	dan := create(t, e.A, body{"name": "דן", "phone": "0537654321"})
	desk, path := e.A.As(t, tenancy.FrontDesk), "/v1/members/"+noa.ID
	t.Run("what is left out stays, what is empty goes", func(t *testing.T) {
		got := read(desk.Patch(path, body{"version": 1, "email": "noa@example.com", "birth_date": "1990-01-01"}).Want(200))
		if got.Name != "נועה" || *got.Phone != "+972521234567" || *got.Email != "noa@example.com" || got.Version != 2 {
			t.Fatalf("%+v", got)
		}
		got = read(desk.Patch(path, body{"version": 2, "email": "", "birth_date": "", "phone": ""}).Want(200))
		if got.Email != nil || got.Birth != nil || got.Phone != nil || got.Version != 3 {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("null is refused and does not pass for removing", func(t *testing.T) {
		if got := string(desk.Patch(path, body{"version": 3, "email": nil}).Want(422, "request.invalid").Body); !strings.Contains(got, "send an empty text to remove it") {
			t.Fatal(got)
		}
	})
	t.Run("a version that no column holds is refused", func(t *testing.T) {
		desk.Patch(path, body{"version": 1 << 31, "email": ""}).Want(422, "request.invalid")
	})
	t.Run("a change made on an old version is refused", func(t *testing.T) {
		desk.Patch(path, body{"version": 2, "name": "אחרת"}).Want(409, "member.version_conflict")
	})
	t.Run("a phone that another has is refused, and may be shared", func(t *testing.T) {
		desk.Patch(path, body{"version": 3, "phone": "053-7654321"}).Want(409, "member.phone_taken")
		desk.Patch(path, body{"version": 3, "phone": "053-7654321", "allow_shared_phone": true}).Want(200)
	})
	t.Run("one's own phone is no conflict", func(t *testing.T) {
		desk.Patch("/v1/members/"+dan.ID, body{"version": 1, "phone": "0537654322"}).Want(200)
		desk.Patch("/v1/members/"+dan.ID, body{"version": 2, "phone": "053 7654322"}).Want(200)
	})
	t.Run("a new name is found", func(t *testing.T) {
		desk.Patch(path, body{"version": 4, "name": "שרון מזרחי"}).Want(200)
		if got := names(t, desk, body{"text": "שרון"}); !slices.Equal(got, []string{"שרון מזרחי"}) {
			t.Fatal(got)
		}
	})
	t.Run("a member changes how they are reached, and no more", func(t *testing.T) {
		self := signIn(t, e, e.A, noa, "user_noa")
		self.Patch(path, body{"version": 5, "email": "new@example.com", "language": "en"}).Want(200)
		for _, field := range []string{"name", "latin_name", "birth_date"} {
			self.Patch(path, body{"version": 6, field: "1990-01-01"}).Want(403, "member.field_staff_only")
		}
		self.Patch(path, body{"version": 6, "phone": "0537654322", "allow_shared_phone": true}).Want(403, "member.field_staff_only")
		nobody(t, self, "PATCH", "/v1/members/%s", body{"version": 1}, dan.ID, other.ID)
	})
	t.Run("another studio's member is not there", func(t *testing.T) {
		nobody(t, desk, "PATCH", "/v1/members/%s", body{"version": 1, "name": "x"}, other.ID)
		if got := read(e.B.As(t, tenancy.Owner).Get("/v1/members/" + other.ID)); got.Name != "אחר" || got.Version != 1 {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("of two changes of one version one wins", func(t *testing.T) {
		done := make(chan int, 4)
		for range cap(done) {
			c := e.A.As(t, tenancy.FrontDesk)
			go func() { done <- c.Patch(path, body{"version": 6, "language": "ru"}).Status }()
		}
		won := 0
		for range cap(done) {
			if <-done == 200 {
				won++
			}
		}
		if won != 1 {
			t.Fatalf("%d won", won)
		}
	})
}

func TestArchive(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	free, other := create(t, e.A, body{"name": "חופשי", "phone": "0521234567"}), create(t, e.B, body{"name": "אחר"})
	t.Run("an archived member frees their phone and cannot be changed", func(t *testing.T) {
		self := signIn(t, e, e.A, free, "user_free")
		self.Get("/v1/members/" + free.ID).Want(200)
		if got := read(desk.Post("/v1/members/"+free.ID+"/archive", nil).Want(200)); got.Status != "archived" || got.Version != 2 {
			t.Fatalf("%+v", got)
		}
		self.Get("/v1/members/"+free.ID).Want(404, "org.not_found")
		create(t, e.A, body{"name": "יורש", "phone": "0521234567"})
		desk.Patch("/v1/members/"+free.ID, body{"version": 2, "name": "x"}).Want(409, "member.archived")
	})
	t.Run("archiving again changes nothing", func(t *testing.T) {
		if got := read(desk.Post("/v1/members/"+free.ID+"/archive", nil).Want(200)); got.Version != 2 {
			t.Fatalf("%+v", got)
		}
	})
	holder, payer, debtor := create(t, e.A, body{"name": "מנוי"}), create(t, e.A, body{"name": "משלם"}), create(t, e.A, body{"name": "חייב"})
	sell(t, e, e.A, holder.ID, payer.ID)
	owe(t, e, e.A, debtor.ID)
	for name, tc := range map[string]struct{ id, code string }{
		"who holds a membership stays":      {holder.ID, "member.has_live_membership"},
		"who pays for a membership stays":   {payer.ID, "member.has_live_membership"},
		"who has an unsettled charge stays": {debtor.ID, "member.has_open_charge"},
	} {
		t.Run(name, func(t *testing.T) {
			desk.Post("/v1/members/"+tc.id+"/archive", nil).Want(409, tc.code)
			if got := read(desk.Get("/v1/members/" + tc.id)); got.Status != "active" {
				t.Fatalf("%+v", got)
			}
		})
	}
	t.Run("with the membership ended and the charge void they may go", func(t *testing.T) {
		e.Exec(t, "update memberships set state = 'ended'")
		e.Exec(t, "update charges set state = 'void'")
		for _, m := range []card{holder, payer, debtor} {
			desk.Post("/v1/members/"+m.ID+"/archive", nil).Want(200)
		}
	})
	t.Run("another studio's member is not there", func(t *testing.T) {
		nobody(t, desk, "POST", "/v1/members/%s/archive", nil, other.ID)
	})
}

// sell gives a member a membership, as the tables see it.
func sell(t *testing.T, e *apitest.Env, s apitest.Studio, holder, payer string) {
	plan, version := id.New[id.Plan](), id.New[id.PlanVersion]()
	e.Exec(t, "insert into plans (org_id, id, name, type) values ($1, $2, 'חודשי', 'recurring')", s.Org, plan)
	e.Exec(t, `insert into plan_versions (org_id, id, plan_id, version, price, pay_mode, effective, published_at)
		values ($1, $2, $3, 1, 24900, 'monthly', '[2026-01-01,)', now())`, s.Org, version, plan)
	e.Exec(t, `insert into memberships (org_id, id, member_id, payer_id, plan_version_id, type, state, price, pay_mode, start_on, anchor_day)
		values ($1, $2, $3, $4, $5, 'recurring', 'active', 24900, 'monthly', '2026-01-01', 1)`, s.Org, id.New[id.Membership](), holder, payer, version)
}

func owe(t *testing.T, e *apitest.Env, s apitest.Studio, debtor string) {
	e.Exec(t, `insert into charges (org_id, id, member_id, kind, amount, description, due_at) values ($1, $2, $3, 'one_off', 5000, 'מגבת', now())`,
		s.Org, id.New[id.Charge](), debtor)
}

func TestTimeline(t *testing.T) {
	e := env(t)
	noa, dan, other := create(t, e.A, body{"name": "נועה"}), create(t, e.A, body{"name": "דן"}), create(t, e.B, body{"name": "אחר"})
	desk, self := e.A.As(t, tenancy.FrontDesk), signIn(t, e, e.A, noa, "user_noa")
	desk.Patch("/v1/members/"+noa.ID, body{"version": 1, "phone": "0521234567", "name": "נועה לוי"}).Want(200)
	self.Patch("/v1/members/"+noa.ID, body{"version": 2, "language": "en"}).Want(200)
	e.Exec(t, "insert into member_events (org_id, member_id, at, kind, actor) values ($1, $2, now(), 'charge.paid', 'job:billing-execute-charge')", e.A.Org, noa.ID)
	type page struct {
		Items []struct {
			Kind, By string
			Data     struct{ Fields []string }
		}
		Next string `json:"next_cursor"`
	}
	t.Run("it is read page by page, newest first, by the member too", func(t *testing.T) {
		var got []string
		cursor := ""
		for range 4 {
			var p page
			self.Get("/v1/members/" + noa.ID + "/timeline?limit=1&cursor=" + cursor).Want(200).Into(&p)
			got = append(got, p.Items[0].Kind+" "+p.Items[0].By+" "+strings.Join(p.Items[0].Data.Fields, ","))
			cursor = p.Next
		}
		want := []string{"charge.paid system ", "member.updated member language", "member.updated staff name,phone", "member.created staff "}
		if !slices.Equal(got, want) || cursor != "" {
			t.Fatalf("%q", got)
		}
	})
	t.Run("somebody else's is not there", func(t *testing.T) {
		nobody(t, self, "GET", "/v1/members/%s/timeline", nil, dan.ID, other.ID)
		nobody(t, desk, "GET", "/v1/members/%s/timeline", nil, other.ID)
	})
	t.Run("a made-up cursor is refused", func(t *testing.T) {
		desk.Get("/v1/members/"+noa.ID+"/timeline?cursor=eHg").Want(422, "request.invalid")
	})
}

// Every cell of role × route.
func TestRoles(t *testing.T) {
	e := env(t)
	noa := create(t, e.A, body{"name": "נועה"})
	self := signIn(t, e, e.A, noa, "user_noa")
	for _, tc := range []struct {
		op   api.Op
		body any
	}{
		{memberapi.CreateOp, body{"name": "x"}}, {memberapi.GetOp, nil}, {memberapi.SearchOp, body{}},
		{memberapi.UpdateOp, body{"version": 99}}, {memberapi.ListTimelineOp, nil},
		{memberapi.SetNationalIDOp, body{"number": "123456782"}},
		{memberapi.RevealNationalIDOp, body{"reason": "בדיקה"}}, {memberapi.ArchiveOp, nil},
	} {
		path := strings.Replace(tc.op.Path, "{id}", noa.ID, 1)
		if tc.op.Name == memberapi.ArchiveOp.Name {
			path = strings.Replace(tc.op.Path, "{id}", id.New[id.Member]().String(), 1)
		}
		for _, role := range tenancy.People {
			client := self
			if role != tenancy.Member {
				client = e.A.As(t, role)
			}
			got, allowed := client.Do(tc.op.Method, path, tc.body), slices.Contains(tc.op.Roles, role)
			if allowed != (got.Status != 403) {
				t.Errorf("%s %s as %s: %d %s", tc.op.Method, tc.op.Path, role, got.Status, got.Code())
			}
		}
		e.Anonymous(t).Do(tc.op.Method, path, tc.body).Want(401, "auth.sign_in")
	}
}

// A refused write leaves nothing behind.
func TestNothingIsHalfWritten(t *testing.T) {
	e := env(t)
	noa := create(t, e.A, body{"name": "נועה", "phone": "0521234567"})
	rows := func() int {
		return postgrestest.Get[int](t, e.Database, "select (select count(*) from members)::int + (select count(*) from member_events)::int + (select count(*) from member_secrets)::int")
	}
	before := rows()
	desk := e.A.As(t, tenancy.FrontDesk)
	desk.Post("/v1/members", body{"name": "אחר", "phone": "0521234567"}).Want(409)
	desk.Patch("/v1/members/"+noa.ID, body{"version": 7, "name": "אחר"}).Want(409)
	desk.Put("/v1/members/"+noa.ID+"/national-id", body{"number": "123456789"}).Want(422)
	e.Exec(t, "alter table member_events rename to away")
	desk.Post("/v1/members", body{"name": "אחר"}).Want(500, "internal")
	e.Exec(t, "alter table away rename to member_events")
	if after := rows(); after != before {
		t.Fatalf("%d rows, then %d", before, after)
	}
}
