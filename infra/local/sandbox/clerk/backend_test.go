package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestUsersAreMadeChangedFoundAndDeleted(t *testing.T) {
	p := newProvider(t, "")
	u := p.must("POST", "/v1/users", object{"email_address": []string{"noa@example.com"}, "phone_number": []string{"+972501234567"}, "first_name": "נועה"})
	path := "/v1/users/" + u["id"].(string)
	if got := p.must("GET", path, nil); got["first_name"] != "נועה" || got["created_at"].(float64) < 1e12 {
		t.Errorf("user %v", got)
	}
	p.refused("POST", "/v1/users", object{"email_address": []string{"NOA@example.com"}}, 422, "form_identifier_exists")
	if got := p.must("PATCH", path, object{"last_name": "Levi"}); got["updated_at"].(float64) <= u["updated_at"].(float64) {
		t.Errorf("updated_at stands still: %v", got)
	}
	var found []object
	p.do("GET", "/v1/users?email_address=noa@example.com", nil, &found)
	if len(found) != 1 {
		t.Errorf("found %v", found)
	}
	p.must("DELETE", path, nil)
	p.refused("GET", path, nil, 404, "resource_not_found")
}

func TestOrganisationsAreMadeChangedAndDeleted(t *testing.T) {
	p := newProvider(t, "")
	creator := p.must("POST", "/v1/users", object{"email_address": []string{"a@example.com"}})["id"].(string)
	o := p.must("POST", "/v1/organizations", object{"name": "North", "slug": "north", "created_by": creator, "max_allowed_memberships": 1})
	path := "/v1/organizations/" + o["id"].(string)
	p.refused("POST", "/v1/organizations", object{"name": "Other", "slug": "north"}, 422, "duplicate_record")
	p.refused("POST", "/v1/organizations", object{}, 422, "form_param_missing")
	p.must("PATCH", path+"/metadata", object{"public_metadata": object{"plan": object{"a": 1, "b": 2}, "x": 1}})
	got := p.must("PATCH", path+"/metadata", object{"public_metadata": object{"plan": object{"b": 3}, "x": nil}})
	if fmt.Sprint(got["public_metadata"]) != "map[plan:map[a:1 b:3]]" {
		t.Errorf("metadata %v", got["public_metadata"])
	}
	if got := p.must("GET", "/v1/organizations/north?include_members_count=true", nil); got["members_count"] != 1.0 {
		t.Errorf("by slug %v", got)
	}
	other := p.must("POST", "/v1/users", object{"email_address": []string{"b@example.com"}})["id"].(string)
	p.refused("POST", path+"/memberships", object{"user_id": other, "role": "org:member"}, 403, "organization_membership_quota_exceeded")
	p.must("DELETE", path, nil)
	p.refused("GET", path, nil, 404, "resource_not_found")
}

func TestMembershipsAreAddedChangedFilteredAndRemoved(t *testing.T) {
	p := newProvider(t, "")
	st := p.studio("north")
	path := "/v1/organizations/" + st.Organization + "/memberships"
	coach := st.Users["coach"]
	p.refused("POST", path, object{"user_id": coach, "role": "org:member"}, 422, "already_a_member_in_organization")
	if got := p.must("PATCH", path+"/"+coach, object{"role": "org:coach"}); got["role"] != "org:coach" {
		t.Errorf("changed %v", got)
	}
	p.refused("PATCH", path+"/"+coach, object{"role": "coach"}, 422, "form_param_value_invalid")
	for query, want := range map[string]int{"?limit=500": 4, "?limit=2": 2, "?offset=3": 1, "?role=org:coach": 1, "?user_id=" + coach: 1, "?role=org:none": 0} {
		if got := p.must("GET", path+query, nil); len(got["data"].([]any)) != want {
			t.Errorf("%s lists %v", query, got)
		}
	}
	if got := p.must("GET", path+"?limit=1", nil); got["total_count"] != 4.0 {
		t.Errorf("total %v", got["total_count"])
	}
	p.refused("GET", path+"?limit=501", nil, 422, "form_param_value_invalid")
	p.must("DELETE", path+"/"+coach, nil)
	p.refused("DELETE", path+"/"+coach, nil, 404, "resource_not_found")
	p.must("POST", path, object{"user_id": coach, "role": "org:member"})
}

func TestAnInvitationIsAcceptedOnceOrRevoked(t *testing.T) {
	p := newProvider(t, "")
	st := p.studio("north")
	path := "/v1/organizations/" + st.Organization + "/invitations"
	invite := object{"email_address": "new@example.com", "role": "org:member", "expires_in_days": 3, "public_metadata": object{"role": "coach"}}
	i := p.must("POST", path, invite)
	p.refused("POST", path, invite, 422, "duplicate_record")
	p.refused("POST", path, object{"email_address": "x@example.com", "role": "org:member", "expires_in_days": 400}, 422, "form_param_invalid")
	u := p.must("POST", "/_dev/users", object{"email_address": []string{"new@example.com"}})["id"].(string)
	accept := "/_dev/invitations/" + i["id"].(string) + "/accept"
	if got := p.must("POST", accept, object{"user_id": u}); got["status"] != "accepted" || got["user_id"] != u {
		t.Errorf("accepted %v", got)
	}
	p.refused("POST", accept, object{"user_id": u}, 400, "organization_invitation_not_pending")
	member := p.must("GET", "/v1/organizations/"+st.Organization+"/memberships?user_id="+u, nil)["data"].([]any)[0].(object)
	if member["public_metadata"].(object)["role"] != "coach" {
		t.Errorf("the metadata stayed behind: %v", member)
	}
	second := p.must("POST", path, object{"email_address": "z@example.com", "role": "org:member"})
	if got := p.must("POST", path+"/"+second["id"].(string)+"/revoke", nil); got["status"] != "revoked" {
		t.Errorf("revoked %v", got)
	}
}

func TestARevokedSessionGivesNoMoreTokens(t *testing.T) {
	p := newProvider(t, "")
	st := p.studio("north")
	x := p.must("POST", "/v1/sessions", object{"user_id": st.Users["owner"]})
	path := "/v1/sessions/" + x["id"].(string)
	p.server.now = func() time.Time { return time.Now().Add(7*time.Minute + time.Second) }
	claims, good := p.verify(p.must("POST", path+"/tokens", object{"expires_in_seconds": 30})["jwt"].(string))
	if !good || claims["sid"] != x["id"] || claims["o"].(object)["id"] != st.Organization || claims["fva"].([]any)[0] != 7.0 {
		t.Errorf("claims %v", claims)
	}
	p.refused("POST", path+"/tokens", object{"expires_in_seconds": 5}, 422, "form_param_value_invalid")
	p.must("POST", path+"/revoke", nil)
	p.refused("POST", path+"/tokens", nil, 404, "resource_not_found")
}

func TestLimitsAreEnforcedWhenAskedFor(t *testing.T) {
	p := newProvider(t, "")
	now := time.Now()
	p.server.now = func() time.Time { return now }
	o := p.studio("north").Organization
	patch := func() *http.Response {
		return p.do("PATCH", "/v1/organizations/"+o+"/metadata", object{"public_metadata": object{"n": 1}}, nil)
	}
	for range 30 {
		if resp := patch(); resp.StatusCode != http.StatusOK {
			t.Fatalf("without limits: %d", resp.StatusCode)
		}
	}
	p.must("POST", "/_dev/limits", object{"perObject": 10, "total": 100})
	var statuses = map[int]int{}
	for range 12 {
		statuses[patch().StatusCode]++
	}
	if statuses[200] != 10 || statuses[429] != 2 || patch().Header.Get("Retry-After") != "10" {
		t.Errorf("per object: %v", statuses)
	}
	for range 100 {
		statuses[p.do("GET", "/v1/organizations/"+o, nil, nil).StatusCode]++
	}
	if statuses[429] != 15 {
		t.Errorf("in total: %v", statuses)
	}
	now = now.Add(10 * time.Second)
	if resp := patch(); resp.StatusCode != http.StatusOK {
		t.Errorf("in the next window: %d", resp.StatusCode)
	}
	p.must("POST", "/_dev/limits", object{"badGateway": 1})
	if a, b := patch(), patch(); a.StatusCode != http.StatusBadGateway || a.Header.Get("Clerk-Trace-Id") != "" || b.StatusCode != http.StatusOK {
		t.Errorf("bad gateway: %d then %d", a.StatusCode, b.StatusCode)
	}
}
