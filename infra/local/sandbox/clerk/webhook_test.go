package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	svix "github.com/svix/svix-webhooks/go"
)

// received is one webhook as FitKit would get it.
type received struct {
	id, event string
	good      bool // the Svix library accepts the signature
	signs     int
	body      object
}

// receiver takes webhooks; answers are the statuses it gives, then 204.
func newReceiver(t *testing.T, answers ...int) (string, <-chan received) {
	t.Helper()
	verifier, err := svix.NewWebhook(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan received, 100)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		in := received{id: r.Header.Get("svix-id"), good: verifier.Verify(text, r.Header) == nil}
		in.signs = len(strings.Fields(r.Header.Get("svix-signature")))
		if err := json.Unmarshal(text, &in.body); err != nil {
			t.Error(err)
		}
		in.event, _ = in.body["type"].(string)
		status := http.StatusNoContent
		if len(answers) > 0 {
			status, answers = answers[0], answers[1:]
		}
		w.WriteHeader(status)
		got <- in
	}))
	t.Cleanup(web.Close)
	return web.URL, got
}

func take(got <-chan received, n int) (all []received, events []string) {
	for range n {
		in := <-got
		all, events = append(all, in), append(events, in.event)
	}
	return all, events
}

func TestEveryChangeIsToldInOrderAndSigned(t *testing.T) {
	url, got := newReceiver(t)
	p := newProvider(t, url)
	st := p.studio("north")
	p.must("PATCH", "/v1/organizations/"+st.Organization, object{"name": "South"})
	p.must("DELETE", "/v1/organizations/"+st.Organization, nil)
	all, events := take(got, 15)
	want := []string{"user.created", "user.created", "user.created", "user.created", "organization.created",
		"organizationMembership.created", "organizationMembership.created", "organizationMembership.created", "organizationMembership.created",
		"organization.updated", "organizationMembership.deleted", "organizationMembership.deleted", "organizationMembership.deleted",
		"organizationMembership.deleted", "organization.deleted"}
	if !slices.Equal(events, want) {
		t.Errorf("events %v", events)
	}
	for _, in := range all {
		if !in.good || in.body["object"] != "event" || in.body["instance_id"] != p.server.accounts.instance || in.body["timestamp"].(float64) < 1e12 {
			t.Errorf("%+v", in)
		}
	}
	if data := all[14].body["data"].(object); data["deleted"] != true || data["id"] != st.Organization || data["name"] != nil {
		t.Errorf("deletion tells %v", data)
	}
}

func TestSwitchesSpoilDeliveriesOnPurpose(t *testing.T) {
	for name, tc := range map[string]struct {
		set   switches
		check func([]received) bool
	}{
		"none":              {switches{}, func(in []received) bool { return in[0].good && in[1].good && in[0].event < in[1].event }},
		"wrong secret":      {switches{WrongSecret: true}, func(in []received) bool { return !in[0].good && !in[1].good }},
		"stale timestamp":   {switches{StaleTimestamp: true}, func(in []received) bool { return !in[0].good }},
		"two signatures":    {switches{TwoSignatures: true}, func(in []received) bool { return in[0].good && in[0].signs == 2 }},
		"duplicate":         {switches{Duplicate: true}, func(in []received) bool { return in[0].id == in[1].id && in[0].good && in[1].good }},
		"reorder":           {switches{Reorder: true}, func(in []received) bool { return in[0].event > in[1].event }},
		"delay of a moment": {switches{DelayMS: 1}, func(in []received) bool { return in[0].good }},
	} {
		t.Run(name, func(t *testing.T) {
			url, got := newReceiver(t)
			p := newProvider(t, url)
			p.do("POST", "/_dev/webhooks", tc.set, nil)
			p.must("POST", "/v1/organizations", object{"name": "a", "slug": "a"})             // organization.created
			p.must("POST", "/v1/users", object{"email_address": []string{"noa@example.com"}}) // user.created
			if all, _ := take(got, 2); !tc.check(all) {
				t.Errorf("got %+v", all)
			}
		})
	}
}

func TestADroppedWebhookIsLoggedAndNeverSent(t *testing.T) {
	url, got := newReceiver(t)
	p := newProvider(t, url)
	p.must("POST", "/_dev/webhooks", object{"drop": true})
	p.must("POST", "/v1/organizations", object{"name": "a", "slug": "a"})
	p.must("POST", "/_dev/webhooks", object{"drop": false})
	p.must("POST", "/v1/users", object{})
	if _, events := take(got, 1); events[0] != "user.created" {
		t.Errorf("events %v", events)
	}
	var log []delivery
	if p.do("GET", "/_dev/webhooks", nil, &log); len(log) == 0 || !log[0].Dropped || log[0].Type != "organization.created" {
		t.Errorf("log %+v", log)
	}
}

func TestAHeldWebhookGoesOutWhenSwappingEnds(t *testing.T) {
	url, got := newReceiver(t)
	p := newProvider(t, url)
	p.must("POST", "/_dev/webhooks", object{"reorder": true})
	p.must("POST", "/v1/users", object{})
	p.must("POST", "/_dev/webhooks", object{})
	take(got, 1)
}

func TestAFailedWebhookComesBackByTheVendorsScheduleWithTheSameID(t *testing.T) {
	url, got := newReceiver(t, 500, 302, 404, 500, 500, 500, 500, 500)
	p := newProvider(t, "")
	p.server.sender.options = webhookOptions{URL: url, Secret: testSecret, RetryScale: 0.1}
	waits := make(chan time.Duration, 20)
	p.server.sender.after = func(wait time.Duration, f func()) { waits <- wait; f() }
	p.must("POST", "/v1/users", object{})
	all, _ := take(got, 8)
	for _, in := range all {
		if in.id != all[0].id || !in.good {
			t.Errorf("%+v", in)
		}
	}
	for _, want := range []time.Duration{500 * time.Millisecond, 30 * time.Second, 3 * time.Minute, 12 * time.Minute, 30 * time.Minute, time.Hour, time.Hour} {
		if wait := <-waits; wait != want {
			t.Errorf("waited %v, want %v", wait, want)
		}
	}
}
