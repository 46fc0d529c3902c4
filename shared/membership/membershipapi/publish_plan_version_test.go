package membershipapi_test

import (
	"fmt"
	"sync"
	"testing"

	"fitkit/shared/id"
	"fitkit/shared/tenancy"
)

func TestPublishPlanVersion(t *testing.T) {
	e := env(t)
	manager := e.A.As(t, tenancy.Manager)
	plan := e.plan(t, e.A, "חופשי", "recurring", nil)
	path := "/v1/plans/" + plan + "/versions"

	t.Run("the first version is on sale from today and the plan is no draft any more", func(t *testing.T) {
		got := read(manager.Post(path, e.with(monthly, body{"limits": body{"per_week": 3, "weekdays": []int{0, 2}}})).Want(201))
		has(t, got, body{"version": 1, "price_agorot": 24900, "pay_mode": "monthly", "effective_from": today, "effective_to": nil,
			"limits": body{"per_week": 3, "weekdays": []int{0, 2}}})
		item := read(manager.Get("/v1/plans"))["items"].([]any)[0].(body)
		has(t, item, body{"status": "published"})
		has(t, item["current"].(body), body{"version": 1, "limits": body{"per_week": 3, "weekdays": []int{0, 2}}})
	})
	t.Run("who published what is in the audit log", func(t *testing.T) {
		if n := e.count(t, "audit_log", "org_id = $1 and action = 'membership.version_published' and object_id = $2 and data->>'price' = '24900'", e.A.Org, plan); n != 1 {
			t.Fatalf("%d rows", n)
		}
	})
	t.Run("a later version ends the former on its first day", func(t *testing.T) {
		has(t, read(manager.Post(path, e.with(monthly, body{"price_agorot": 25900, "effective_from": "2026-05-01"})).Want(201)), body{"version": 2})
		current := read(manager.Get("/v1/plans"))["items"].([]any)[0].(body)["current"].(body)
		has(t, current, body{"version": 1, "price_agorot": 24900, "effective_to": "2026-05-01"})
	})
	t.Run("a version cannot slip in before one that is published", func(t *testing.T) {
		manager.Post(path, e.with(monthly, body{"effective_from": "2026-04-30"})).Want(409, "membership.version_before_another")
	})
	t.Run("a version may replace one on the day that begins", func(t *testing.T) {
		has(t, read(manager.Post(path, e.with(monthly, body{"price_agorot": 26900, "effective_from": "2026-05-01"})).Want(201)), body{"version": 3})
		if n := e.count(t, "plan_versions", "plan_id = $1 and version = 2 and isempty(effective)", plan); n != 1 {
			t.Fatal("the replaced version is still for sale")
		}
	})
	t.Run("a day that passed is refused", func(t *testing.T) {
		manager.Post(path, e.with(monthly, body{"effective_from": "2026-04-14"})).Want(422, "membership.effective_in_past")
	})
	t.Run("terms of another type are refused and named", func(t *testing.T) {
		r := manager.Post(path, pack).Want(422, "membership.terms_do_not_fit")
		if n := len(read(r)["errors"].([]any)); n != 2 {
			t.Fatalf("%d fields\n%s", n, r.Body)
		}
	})
	t.Run("instalments that are refused may become one payment, when the plan says so", func(t *testing.T) {
		yearly := body{"price_agorot": 240000, "pay_mode": "issuer_installments", "term_months": 12, "installments": 10}
		path := "/v1/plans/" + e.plan(t, e.A, "שנתי", "fixed_term", nil) + "/versions"
		has(t, read(manager.Post(path, yearly).Want(201)), body{"single_payment_allowed": nil})
		has(t, read(manager.Post(path, e.with(yearly, body{"single_payment_allowed": true})).Want(201)), body{"single_payment_allowed": true})
		item := read(manager.Get("/v1/plans"))["items"].([]any)[0].(body)
		has(t, item["current"].(body), body{"single_payment_allowed": true})
	})
	t.Run("a weekday twice is refused", func(t *testing.T) {
		manager.Post(path, e.with(monthly, body{"limits": body{"weekdays": []int{1, 1}}})).Want(422, "membership.terms_do_not_fit")
	})
	for name, wrong := range map[string]body{
		"a negative price":        {"price_agorot": -1},
		"half an agora":           {"price_agorot": 1.5},
		"a price as text":         {"price_agorot": "249"},
		"no price":                {"price_agorot": nil},
		"a date that is no day":   {"effective_from": "2026-02-30"},
		"a limit nobody knows":    {"limits": body{"per_year": 3}},
		"a limit that is no hour": {"limits": body{"from": "25:00"}},
		"a weekday of objects":    {"limits": body{"weekdays": []any{body{}}}},
		"a field of ours":         {"org_id": e.B.Org.String()},
		"a version of their own":  {"version": 7},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			manager.Post(path, e.with(monthly, wrong)).Want(422, "request.invalid")
		})
	}
	t.Run("another studio's plan, a random one and none answer alike", func(t *testing.T) {
		theirs := e.B.As(t, tenancy.Owner).Post(path, monthly).Want(404, "membership.plan_not_found")
		random := manager.Post("/v1/plans/"+id.New[id.Plan]().String()+"/versions", monthly).Want(404, "membership.plan_not_found")
		has(t, read(theirs), body{"title": read(random)["title"]})
		manager.Post("/v1/plans/x/versions", monthly).Want(422, "request.invalid")
	})
}

func TestVersionsPublishedAtOnceFollowOneAnother(t *testing.T) {
	e := env(t)
	plan := e.plan(t, e.A, "חופשי", "recurring", nil)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			e.A.As(t, tenancy.Owner).Post("/v1/plans/"+plan+"/versions", e.with(monthly, body{"price_agorot": 20000 + i})).Want(201)
		})
	}
	all.Wait()
	if n := e.count(t, "plan_versions", "plan_id = $1 and upper_inf(effective)", plan); n != 1 {
		t.Fatalf("%d versions are for sale", n)
	}
	if n := e.count(t, "plan_versions", "plan_id = $1 and version between 1 and 6", plan); n != 6 {
		t.Fatalf("%d versions have numbers 1 to 6", n)
	}
}

func TestListPlans(t *testing.T) {
	e := env(t)
	for i := range 5 {
		e.plan(t, e.A, fmt.Sprintf("תוכנית %d", i), "recurring", monthly)
	}
	e.plan(t, e.A, "טיוטה", "pack", nil)
	e.plan(t, e.A, "מחר", "recurring", e.with(monthly, body{"effective_from": "2026-04-16"}))
	e.plan(t, e.A, "מעסיק", "external", body{"price_agorot": 0, "pay_mode": "none"})
	e.join(t, e.A, "dana")

	names := func(r body) (list []string) {
		for _, p := range r["items"].([]any) {
			list = append(list, p.(body)["name"].(string))
		}
		return list
	}
	t.Run("staff see all, the newest first, a draft without a version", func(t *testing.T) {
		got := read(e.A.As(t, tenancy.Coach).Get("/v1/plans").Want(200))
		has(t, body{"names": names(got), "next": got["next_cursor"]}, body{"next": nil,
			"names": []string{"מעסיק", "מחר", "טיוטה", "תוכנית 4", "תוכנית 3", "תוכנית 2", "תוכנית 1", "תוכנית 0"}})
		has(t, got["items"].([]any)[2].(body), body{"status": "draft", "current": nil})
		has(t, got["items"].([]any)[1].(body), body{"status": "published", "current": nil})
	})
	t.Run("members see what they can buy today", func(t *testing.T) {
		has(t, body{"names": names(read(e.A.AsMember(t, "user_dana").Get("/v1/plans").Want(200)))},
			body{"names": []string{"תוכנית 4", "תוכנית 3", "תוכנית 2", "תוכנית 1", "תוכנית 0"}})
	})
	t.Run("pages follow one another without a gap", func(t *testing.T) {
		member := e.A.AsMember(t, "user_dana")
		var all []string
		path := "/v1/plans?limit=2"
		for pages := 1; ; pages++ {
			page := read(member.Get(path).Want(200))
			all = append(all, names(page)...)
			next, more := page["next_cursor"].(string)
			if !more {
				has(t, body{"names": all, "pages": pages}, body{"pages": 3, "names": []string{"תוכנית 4", "תוכנית 3", "תוכנית 2", "תוכנית 1", "תוכנית 0"}})
				return
			}
			path = "/v1/plans?limit=2&cursor=" + next
		}
	})
	t.Run("a cursor of nobody's is refused", func(t *testing.T) {
		e.A.As(t, tenancy.Owner).Get("/v1/plans?cursor=abc").Want(422, "request.invalid")
		e.A.As(t, tenancy.Owner).Get("/v1/plans?limit=101").Want(422, "request.invalid")
	})
	t.Run("another studio sees none of it", func(t *testing.T) {
		has(t, read(e.B.As(t, tenancy.Owner).Get("/v1/plans").Want(200)), body{"items": []any{}})
	})
}
