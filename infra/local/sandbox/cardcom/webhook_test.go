package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// merchant takes webhooks and answers the statuses given, then 200.
type merchant struct {
	url      string
	statuses []int
	bodies   []object
}

func newMerchant(t *testing.T, statuses ...int) *merchant {
	m := &merchant{statuses: statuses}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := object{}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		m.bodies = append(m.bodies, body)
		if len(m.statuses) >= len(m.bodies) {
			w.WriteHeader(m.statuses[len(m.bodies)-1])
		}
	}))
	t.Cleanup(web.Close)
	m.url = web.URL
	return m
}

// fire runs the timers there are and those they set, and returns their waits in order.
func (g *gateway) fire() []time.Duration {
	var waits []time.Duration
	for len(g.timers) > 0 {
		next := g.timers[0]
		g.timers = g.timers[1:]
		waits = append(waits, next.wait)
		next.run()
	}
	return waits
}

func TestTheWebhookComesAsOftenAsItsModeSays(t *testing.T) {
	for mode, tc := range map[webhookMode]struct {
		bodies int
		waits  []time.Duration
	}{
		webhookOnce:  {1, []time.Duration{time.Second}},
		webhookTwice: {2, []time.Duration{time.Second}},
		webhookLate:  {1, []time.Duration{31 * time.Second}},
		webhookNever: {0, nil},
	} {
		for _, scope := range []string{"for all pages", "for one page"} {
			t.Run(string(mode)+" "+scope, func(t *testing.T) {
				g, m := newGateway(t), newMerchant(t)
				g.control("webhooks", object{"delaySeconds": 1, "lateSeconds": 30, "mode": "once"})
				id, address := g.open(object{"WebHookUrl": m.url})
				change := object{"mode": mode}
				if scope == "for one page" {
					change["lowProfileId"] = id
				}
				g.control("webhooks", change)
				g.submit(address, cardForm("4580000000000000"))
				if waits := g.fire(); len(m.bodies) != tc.bodies || !slices.Equal(waits, tc.waits) {
					t.Fatalf("%d webhooks after %v", len(m.bodies), waits)
				}
				for _, body := range m.bodies {
					if body["LowProfileId"] != id || body["TokenInfo"] == nil || body["ResponseCode"] != 0.0 {
						t.Errorf("body %v", body)
					}
				}
				if log := g.server.webhooks.logged(); len(log) == 0 || log[0].Mode != mode {
					t.Errorf("log %+v", log)
				}
			})
		}
	}
}

func TestAWebhookIsRetriedOnTheVendorsScheduleUntilItIsTaken(t *testing.T) {
	g, m := newGateway(t), newMerchant(t, 500, 302, 204, 404, 500, 500, 500, 500, 500)
	g.control("webhooks", object{"retryScale": 0.5})
	_, address := g.open(object{"WebHookUrl": m.url})
	g.submit(address, cardForm("4580000000000000"))
	want := []time.Duration{0, 30 * time.Second, time.Minute, time.Minute, 8 * time.Minute, 30 * time.Minute, 6 * time.Hour, 6 * time.Hour}
	if waits := g.fire(); !slices.Equal(waits, want) || len(m.bodies) != 8 {
		t.Errorf("%d tries after %v", len(m.bodies), waits)
	}
}

func TestADeclineIsReportedOnlyWhenSwitchedOn(t *testing.T) {
	for reported, want := range map[bool]int{false: 0, true: 1} {
		g, m := newGateway(t), newMerchant(t)
		g.control("webhooks", object{"reportDeclines": reported})
		_, address := g.open(object{"WebHookUrl": m.url})
		g.submit(address, cardForm("4580000000008004"))
		g.fire()
		if len(m.bodies) != want {
			t.Errorf("switched %t: %d webhooks", reported, len(m.bodies))
		}
	}
}

func TestTheSameSeedDrawsTheSameModes(t *testing.T) {
	drawn := func(seed uint64) string {
		d := newDispatcher(webhookOptions{Seed: seed, Mix: map[webhookMode]int{webhookOnce: 5, webhookTwice: 3, webhookNever: 2}}, nil, nil)
		out, count := "", map[webhookMode]int{}
		for range 200 {
			mode := d.draw()
			count[mode]++
			out += string(mode[0])
		}
		if count[webhookOnce] < count[webhookNever] || count[webhookNever] == 0 || count[webhookLate] != 0 {
			t.Errorf("seed %d drew %v", seed, count)
		}
		return out
	}
	if drawn(7) != drawn(7) || drawn(7) == drawn(8) {
		t.Error("the sequence is not the seed's")
	}
}

func TestATokenChargeHasNoWebhook(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	g.timers = nil
	if g.charge(token, "k") != 0 || len(g.timers) != 0 {
		t.Error("a token charge set a webhook going")
	}
}

func TestWrongWebhookSwitchesAreRefused(t *testing.T) {
	g := newGateway(t)
	for _, body := range []object{
		{"mode": "always"}, {"mix": object{"sometimes": 1}}, {"mix": object{"once": -1}}, {"lowProfileId": newGUID()}, {"moed": "once"},
	} {
		if status, _, _ := g.raw("/_sandbox/webhooks", body); status != http.StatusBadRequest {
			t.Errorf("%v answered %d", body, status)
		}
	}
	if status, _, _ := g.raw("/_sandbox/webhooks", object{"lowProfileId": newGUID(), "mode": "once"}); status != http.StatusNotFound {
		t.Error(fmt.Sprint("a page that does not exist answered ", status))
	}
}
