package membershipapi_test

import (
	"net/http"
	"sync"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

func TestAMonthlySale(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	dana := e.join(t, e.A, "dana")
	plan := e.plan(t, e.A, "שנתי", "fixed_term", body{"price_agorot": 24900, "base_price_agorot": 34900, "pay_mode": "monthly", "term_months": 12})
	sale := body{"member_id": dana, "plan_id": plan, "price_agorot": 24900}

	// Red with the sale's call of PlanInTx taken away, and with the planner's description a fixed word.
	t.Run("what starts today is charged for its first month in the sale, and the billing run adds nothing", func(t *testing.T) {
		got := read(desk.Post("/v1/sales", sale).Want(201))
		has(t, got, body{"member_id": dana, "payer_id": dana, "state": "pending_payment", "price_agorot": 24900, "pay_mode": "monthly", "installments": 1,
			"start_on": today, "term_end": "2027-04-15", "anchor_day": 15, "periods_planned": 1, "periods_total": 12,
			"next_charge": body{"at": "2026-05-15T06:00:00Z", "amount_agorot": 24900}, "entries_left": nil, "expires_on": nil, "previous_id": nil})
		has(t, got["plan"].(body), body{"id": plan, "name": "שנתי", "type": "fixed_term", "version": 1})
		if _, err := billing.NewSweeper(e.System, e.DB).Plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := e.count(t, "charges", "true"); n != 1 {
			t.Fatalf("%d charges", n)
		}
		if n := e.count(t, "charges c join jobs j on j.queue = 'billing-execute-charge' and j.payload->>'charge_id' = c.id::text",
			"c.membership_id = $1 and c.kind = 'period' and c.state = 'due' and c.due_at = $2::timestamptz and c.description = 'שנתי' and starts_with(c.created_by, 'user_')", got["id"], now); n != 1 {
			t.Fatal("its charge is not due now, is not named after the plan and by who sold it, or has no job")
		}
		if n := e.count(t, "member_events", "member_id = $1 and kind = 'membership.sold' and at = $2::timestamptz and data->>'membership_id' = $3", dana, now, got["id"]); n != 1 {
			t.Fatalf("%d events", n)
		}
	})
	t.Run("what starts on a Saturday is charged when the studio's rest is over", func(t *testing.T) {
		start := e.with(sale, body{"start_on": "2026-04-18"})
		has(t, read(desk.Post("/v1/sales", start).Want(201)), body{"next_charge": body{"at": "2026-04-18T06:00:00Z", "amount_agorot": 24900}})
		e.Exec(t, "update orgs set charge_on_rest_days = false where id = $1", e.A.Org)
		has(t, read(desk.Post("/v1/sales", start).Want(201)), body{"next_charge": body{"at": "2026-04-19T06:00:00Z", "amount_agorot": 24900}})
		// Shavuot, 22 May 2026, is a Friday, so its charge waits for Sunday.
		has(t, read(desk.Post("/v1/sales", e.with(sale, body{"start_on": "2026-05-22"})).Want(201)), body{"next_charge": body{"at": "2026-05-24T06:00:00Z", "amount_agorot": 24900}})
		e.Exec(t, "update orgs set charge_on_rest_days = true where id = $1", e.A.Org)
	})
	t.Run("every stored first charge is the database's own reckoning", func(t *testing.T) {
		if n := e.count(t, "memberships m join orgs o on o.id = m.org_id",
			"start_on > $1::date and next_charge_at not in (app.charge_time(start_on, o.tz, true), app.charge_time(start_on, o.tz, false))", today); n != 0 {
			t.Fatalf("%d differ", n)
		}
	})
	t.Run("a new version leaves a sold membership's price (R1)", func(t *testing.T) {
		m := desk.Post("/v1/sales", sale).Want(201).Field("id")
		e.A.As(t, tenancy.Owner).Post("/v1/plans/"+plan+"/versions", body{"price_agorot": 29900, "pay_mode": "monthly", "term_months": 6}).Want(201)
		has(t, read(desk.Get("/v1/memberships/"+m)), body{"price_agorot": 24900, "periods_total": 12, "term_end": "2027-04-15"})
		t.Run("and the old price sells no more", func(t *testing.T) {
			desk.Post("/v1/sales", sale).Want(409, "membership.price_changed")
			has(t, read(desk.Post("/v1/sales", e.with(sale, body{"price_agorot": 29900})).Want(201)), body{"price_agorot": 29900, "periods_total": 6})
		})
	})
	t.Run("a member who comes back is linked to what ended", func(t *testing.T) {
		yossi := e.join(t, e.A, "yossi")
		again := body{"member_id": yossi, "plan_id": plan, "price_agorot": 29900}
		first := desk.Post("/v1/sales", again).Want(201).Field("id")
		e.Exec(t, "update memberships set state = 'ended' where id = $1", first)
		has(t, read(desk.Post("/v1/sales", again).Want(201)), body{"previous_id": first})
	})
}

func TestASalePaidAtOnce(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	dana, mother := e.join(t, e.A, "dana"), e.join(t, e.A, "mother")

	t.Run("a pack is charged to its payer in the sale", func(t *testing.T) {
		plan := e.plan(t, e.A, "כרטיסייה", "pack", pack)
		got := read(desk.Post("/v1/sales", body{"member_id": dana, "payer_id": mother, "plan_id": plan, "price_agorot": 60000, "start_on": "2026-05-01"}).Want(201))
		has(t, got, body{"state": "pending_payment", "next_charge": nil, "entries_left": 10, "expires_on": "2026-07-30", "payer_id": mother})
		charges := read(desk.Get("/v1/memberships/" + got["id"].(string)))["charges"].([]any)
		if len(charges) != 1 {
			t.Fatalf("%d charges", len(charges))
		}
		has(t, charges[0].(body), body{"kind": "one_off", "amount_agorot": 60000, "state": "due", "due_at": now, "description": "כרטיסייה"})
		if n := e.count(t, "charges", "member_id = $1 and installments = 1", mother); n != 1 {
			t.Fatal("the payer does not owe it")
		}
	})
	t.Run("installments are one charge that the card company splits (R2)", func(t *testing.T) {
		plan := e.plan(t, e.A, "תשלומים", "fixed_term", body{"price_agorot": 240000, "pay_mode": "issuer_installments", "term_months": 12, "installments": 10})
		got := read(desk.Post("/v1/sales", body{"member_id": dana, "plan_id": plan, "price_agorot": 240000}).Want(201))
		has(t, got, body{"installments": 10, "periods_total": nil, "next_charge": nil, "term_end": "2027-04-15"})
		if n := e.count(t, "charges", "membership_id = $1 and amount = 240000 and installments = 10", got["id"]); n != 1 {
			t.Fatalf("%d charges", n)
		}
	})
	t.Run("a free trial is active and charges nothing", func(t *testing.T) {
		plan := e.plan(t, e.A, "ניסיון חינם", "trial", e.with(trial, body{"price_agorot": 0}))
		got := read(desk.Post("/v1/sales", body{"member_id": dana, "plan_id": plan, "price_agorot": 0}).Want(201))
		has(t, got, body{"state": "active", "next_charge": nil, "expires_on": "2026-04-22"})
		if n := e.count(t, "charges", "membership_id = $1", got["id"]); n != 0 {
			t.Fatalf("%d charges", n)
		}
	})
	t.Run("a drop-in is one entry", func(t *testing.T) {
		plan := e.plan(t, e.A, "כניסה", "drop_in", body{"price_agorot": 7000, "pay_mode": "upfront"})
		has(t, read(desk.Post("/v1/sales", body{"member_id": dana, "plan_id": plan, "price_agorot": 7000}).Want(201)), body{"entries_left": 1})
	})
}

func TestATrialIsOncePerPerson(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	plan, other := e.plan(t, e.A, "ניסיון", "trial", trial), e.plan(t, e.A, "שבוע ניסיון", "trial", trial)
	dana := e.join(t, e.A, "dana")
	sale := func(member, plan string) body {
		return body{"member_id": member, "plan_id": plan, "price_agorot": 5000}
	}

	t.Run("a second trial is refused, of another plan too, and nothing of it stays", func(t *testing.T) {
		desk.Post("/v1/sales", sale(dana, plan)).Want(201)
		desk.Post("/v1/sales", sale(dana, other)).Want(409, "membership.trial_used")
		if m, c, ev := e.count(t, "memberships", "member_id = $1", dana), e.count(t, "charges", "true"), e.count(t, "member_events", "true"); m != 1 || c != 1 || ev != 2 {
			t.Fatalf("%d memberships, %d charges, %d events", m, c, ev)
		}
	})
	t.Run("somebody with the phone of one who had a trial is refused", func(t *testing.T) {
		again := e.join(t, e.A, "dana again")
		e.Exec(t, "update members set phone = '+972501234567', phone_shared = true where id in ($1, $2)", dana, again)
		desk.Post("/v1/sales", sale(again, plan)).Want(409, "membership.trial_used")
	})
	t.Run("the same phone in another studio is another person", func(t *testing.T) {
		theirs := e.join(t, e.B, "dana")
		e.Exec(t, "update members set phone = '+972501234567' where id = $1", theirs)
		e.B.As(t, tenancy.Owner).Post("/v1/sales", sale(theirs, e.plan(t, e.B, "ניסיון", "trial", trial))).Want(201)
	})
	t.Run("of two people with one phone who buy at once, one gets it", func(t *testing.T) {
		twins := []string{e.join(t, e.A, "noa"), e.join(t, e.A, "maya")}
		e.Exec(t, "update members set phone = '+972507654321', phone_shared = true where id in ($1, $2)", twins[0], twins[1])
		var all sync.WaitGroup
		for range 4 {
			for _, twin := range twins {
				all.Go(func() { e.A.As(t, tenancy.FrontDesk).Post("/v1/sales", sale(twin, plan)) })
			}
		}
		all.Wait()
		if n := e.count(t, "memberships", "member_id in ($1, $2)", twins[0], twins[1]); n != 1 {
			t.Fatalf("%d trials", n)
		}
	})
	t.Run("one member who buys twice at once gets one", func(t *testing.T) {
		avi := e.join(t, e.A, "avi") // has no phone: the constraint alone decides
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { e.A.As(t, tenancy.FrontDesk).Post("/v1/sales", sale(avi, plan)) })
		}
		all.Wait()
		if n := e.count(t, "memberships", "member_id = $1", avi); n != 1 {
			t.Fatalf("%d trials", n)
		}
	})
}

func TestSalesThatAreRefused(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	dana, gone, theirs := e.join(t, e.A, "dana"), e.join(t, e.A, "gone"), e.join(t, e.B, "theirs")
	e.Exec(t, "update members set status = 'archived' where id = $1", gone)
	plan, draft := e.plan(t, e.A, "חופשי", "recurring", monthly), e.plan(t, e.A, "טיוטה", "recurring", nil)
	later := e.plan(t, e.A, "מחר", "recurring", e.with(monthly, body{"effective_from": "2026-04-16"}))
	foreign := e.plan(t, e.B, "שלהם", "recurring", monthly)
	sale := body{"member_id": dana, "plan_id": plan, "price_agorot": 24900}

	for name, tc := range map[string]struct {
		change body
		status int
		code   string
	}{
		"an archived member":                {body{"member_id": gone}, 409, "membership.member_archived"},
		"an archived payer":                 {body{"payer_id": gone}, 409, "membership.payer_archived"},
		"a member who does not exist":       {body{"member_id": id.New[id.Member]().String()}, 404, "membership.member_not_found"},
		"another studio's member":           {body{"member_id": theirs}, 404, "membership.member_not_found"},
		"a payer who does not exist":        {body{"payer_id": id.New[id.Member]().String()}, 404, "membership.payer_not_found"},
		"another studio's payer":            {body{"payer_id": theirs}, 404, "membership.payer_not_found"},
		"a plan that does not exist":        {body{"plan_id": id.New[id.Plan]().String()}, 404, "membership.plan_not_found"},
		"another studio's plan":             {body{"plan_id": foreign}, 404, "membership.plan_not_found"},
		"a draft":                           {body{"plan_id": draft}, 409, "membership.plan_not_for_sale"},
		"a plan that is sold from tomorrow": {body{"plan_id": later}, 409, "membership.no_current_version"},
		"another price":                     {body{"price_agorot": 24800}, 409, "membership.price_changed"},
		"no price":                          {body{"price_agorot": nil}, 422, "request.invalid"},
		"a start over a year ahead":         {body{"start_on": "2027-04-16"}, 422, "membership.start_too_far_ahead"},
		"a start 32 days ago":               {body{"start_on": "2026-03-14"}, 422, "membership.start_too_far_back"},
		"a start that is no day":            {body{"start_on": "2026-02-29"}, 422, "request.invalid"},
		"a member id that is none":          {body{"member_id": "dana"}, 422, "request.invalid"},
		"a state of the buyer's choice":     {body{"state": "active"}, 422, "request.invalid"},
		"an organisation in the body":       {body{"org_id": e.B.Org.String()}, 422, "request.invalid"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			desk.Post("/v1/sales", e.with(sale, tc.change)).Want(tc.status, tc.code)
		})
	}
	if n := e.count(t, "memberships", "true") + e.count(t, "charges", "true") + e.count(t, "member_events", "true"); n != 0 {
		t.Fatalf("%d rows of refused sales", n)
	}
}

func TestASaleSentTwiceIsOneSale(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	desk.Headers["Idempotency-Key"] = "sale-1"
	plan := e.plan(t, e.A, "כרטיסייה", "pack", pack)
	sale := body{"member_id": e.join(t, e.A, "dana"), "plan_id": plan, "price_agorot": 60000}
	first, second := desk.Post("/v1/sales", sale).Want(201), desk.Post("/v1/sales", sale).Want(201)
	if string(first.Body) != string(second.Body) {
		t.Fatalf("%s\n%s", first.Body, second.Body)
	}
	if n := e.count(t, "idempotency_keys", "key = 'sale-1' and lasting"); n != 1 {
		t.Fatal("the sale's key goes after a day, and with it what makes a repeat harmless")
	}
	desk.Post("/v1/sales", e.with(sale, body{"start_on": "2026-05-01"})).Want(422, "idempotency.key_reused")
	if m, c := e.count(t, "memberships", "true"), e.count(t, "charges", "true"); m != 1 || c != 1 {
		t.Fatalf("%d memberships, %d charges", m, c)
	}
}

func TestAMemberBuysForThemself(t *testing.T) {
	e := env(t)
	dana, other := e.join(t, e.A, "dana"), e.join(t, e.A, "other")
	member := e.A.AsMember(t, "user_dana")
	plan, external := e.plan(t, e.A, "חופשי", "recurring", monthly), e.plan(t, e.A, "מעסיק", "external", body{"price_agorot": 0, "pay_mode": "none"})
	sale := body{"member_id": dana, "plan_id": plan, "price_agorot": 24900}

	member.Post("/v1/sales", sale).Want(http.StatusCreated)
	t.Run("for somebody else they do not", func(t *testing.T) {
		member.Post("/v1/sales", e.with(sale, body{"member_id": other})).Want(404, "membership.member_not_found")
	})
	t.Run("with somebody else's card they do not", func(t *testing.T) {
		member.Post("/v1/sales", e.with(sale, body{"payer_id": other})).Want(404, "membership.payer_not_found")
	})
	t.Run("what a partner pays for is the studio's to sell", func(t *testing.T) {
		free := body{"member_id": dana, "plan_id": external, "price_agorot": 0}
		member.Post("/v1/sales", free).Want(403, "membership.plan_sold_by_staff")
		member.Post("/v1/sales/preview", body{"plan_id": external}).Want(403, "membership.plan_sold_by_staff")
		has(t, read(e.A.As(t, tenancy.FrontDesk).Post("/v1/sales", free).Want(201)), body{"state": "active", "price_agorot": 0})
	})
}

func TestPreviewSale(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	plan := e.plan(t, e.A, "שנתי", "fixed_term", body{"price_agorot": 24900, "pay_mode": "monthly", "term_months": 12})
	open := e.plan(t, e.A, "חופשי", "recurring", monthly)
	e.Exec(t, "update orgs set charge_on_rest_days = false where id = $1", e.A.Org)

	t.Run("it shows lines, dates, end, total and words", func(t *testing.T) {
		got := read(desk.Post("/v1/sales/preview", body{"plan_id": plan}).Want(200))
		has(t, got, body{"start_on": today, "term_end": "2027-04-15", "due_now_agorot": 24900, "total_agorot": 298800, "price_agorot": 24900,
			"lines": []body{{"amount_agorot": 298800, "description": "שנתי", "quantity": 12, "unit_price_agorot": 24900}},
			"charges": []body{{"amount_agorot": 24900, "at": now, "period_from": today, "period_to": "2026-05-15"},
				{"amount_agorot": 24900, "at": "2026-05-15T06:00:00Z", "period_from": "2026-05-15", "period_to": "2026-06-15"},
				{"amount_agorot": 24900, "at": "2026-06-15T06:00:00Z", "period_from": "2026-06-15", "period_to": "2026-07-15"}},
			"text":    "12 monthly charges of 249.00 ILS, 2988.00 ILS in all. From 15 April 2026 to 14 April 2027. First charge on 15 April 2026.",
			"text_he": "12 חיובים חודשיים של 249.00 ₪, בסך הכול 2988.00 ₪. מ-15.4.2026 עד 14.4.2027. החיוב הראשון ב-15.4.2026."})
	})
	t.Run("what is open-ended has no total", func(t *testing.T) {
		has(t, read(desk.Post("/v1/sales/preview", body{"plan_id": open}).Want(200)), body{"total_agorot": nil, "term_end": nil, "due_now_agorot": 24900})
	})
	t.Run("the sale does what the preview showed", func(t *testing.T) {
		dana := e.join(t, e.A, "dana")
		for _, start := range []string{"2026-03-15", "2026-04-15", "2026-05-22", "2026-08-31"} {
			shown := read(desk.Post("/v1/sales/preview", body{"plan_id": plan, "start_on": start}).Want(200))
			sold := read(desk.Post("/v1/sales", body{"member_id": dana, "plan_id": plan, "start_on": start, "price_agorot": shown["price_agorot"]}).Want(201))
			has(t, sold, body{"start_on": shown["start_on"], "term_end": shown["term_end"]})
			// Red with the first begun month planned alone: of two (15 March) the preview counts both.
			made := postgrestest.Get[int](t, e.Database, "select coalesce(sum(amount), 0)::int from charges where membership_id = $1 and due_at <= $2::timestamptz", sold["id"], now)
			has(t, shown, body{"due_now_agorot": made})
			has(t, sold["next_charge"].(body), body{"at": shown["charges"].([]any)[int(sold["periods_planned"].(float64))].(body)["at"]})
		}
	})
	t.Run("it writes nothing and takes no key", func(t *testing.T) {
		before := e.count(t, "memberships", "true")
		desk.Post("/v1/sales/preview", body{"plan_id": open}).Want(200)
		if n := e.count(t, "memberships", "true"); n != before || postgrestest.Get[int](t, e.Database, "select count(*) from idempotency_keys where operation = 'api-membership-preview-sale'") != 0 {
			t.Fatalf("%d memberships, %d before", n, before)
		}
	})
	t.Run("another studio's plan and a random one answer alike", func(t *testing.T) {
		e.B.As(t, tenancy.Owner).Post("/v1/sales/preview", body{"plan_id": plan}).Want(404, "membership.plan_not_found")
		desk.Post("/v1/sales/preview", body{"plan_id": id.New[id.Plan]().String()}).Want(404, "membership.plan_not_found")
	})
}
