package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"fitkit/infra/local/stores"
)

// TestEveryEndpointAnswersAlikeWithoutRedis is T11 for what exists: today nothing but /healthz asks Redis, and this is what
// keeps it true. Every endpoint of the API document gets the same request while Redis is well and while it is not; an
// endpoint of the kind that must refuse without Redis (rate limits, one-time codes) is stated in failsClosed. Webhooks and
// WebSockets work all the while. Seen red: with both hooks asking Redis before they store what came.
func TestEveryEndpointAnswersAlikeWithoutRedis(t *testing.T) {
	ask(t) // what the first request changes (the studio's settings and their version) is changed by now
	before := ask(t)
	told(t, "up")
	for _, way := range []struct {
		name  string
		spoil func(*testing.T) (mend func())
	}{
		{"Redis is gone", redisGone},
		{"Redis takes five seconds for each answer", redisSlow},
		{"Redis wants another password", redisLocked},
	} {
		t.Run(way.name, func(t *testing.T) {
			mend := way.spoil(t)
			defer mend()
			redis.cut()
			told(t, "down")
			for id, got := range ask(t) {
				switch want := before[id]; {
				case slices.Contains(failsClosed, id):
					if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
						t.Errorf("%s fails closed, and was answered %s", id, got)
					}
				case got.status != want.status || got.code() != want.code():
					t.Errorf("%s was answered %s\nand with Redis %s\n%s", id, got, want, written.about(got.text("correlation_id")))
				}
			}
			hooksWork(t)
			socketsWork(t)
			told(t, "down") // still, and not only because its connections were cut
		})
		told(t, "up")
	}
}

// failsClosed is the endpoints that refuse with 503 and Retry-After while Redis is away.
var failsClosed []string

// ask sends every endpoint a request that its first role may make: of things that exist where it only reads, of things that
// do not where it writes, for most things can be done once only.
func ask(t *testing.T) map[string]answer {
	t.Helper()
	reads, writes, answers := makerFor(t, a), nothing(), map[string]answer{}
	for _, op := range operations(t) {
		m := writes
		if op.Method == http.MethodGet {
			m = reads
		}
		role := "owner"
		switch {
		case op.admins():
			role = platformAdmin
		case len(op.Roles) > 0 && !slices.Contains(op.Roles, role):
			role = op.Roles[0]
		}
		answers[op.ID] = m.request(op).as(a, role).send(t)
	}
	// A write that is taken each time.
	for _, op := range operations(t) {
		if op.ID == "api-member-create" {
			answers["a member is created"] = makerFor(t, a).request(op).as(a, "owner").send(t)
		}
	}
	return answers
}

// hooksWork sends a message of Clerk's and a notice of Cardcom's. Both must be taken in: who remembers them is Postgres.
func hooksWork(t *testing.T) {
	t.Helper()
	m := news()
	if got := post(t, "/v1/hooks/clerk", m.body, m.headers(m.signature())); got.status != http.StatusNoContent || m.stored(t) != 1 {
		t.Errorf("Clerk's message was answered %s and stored %d times", got, m.stored(t))
	}
	token, body := notice(t, a)
	stored := func() int {
		return read[int](t, database(t), "select count(*)::int from inbox where provider = 'cardcom' and org_id = $1", a.Org)[0]
	}
	before := stored()
	if got := post(t, "/v1/hooks/cardcom/"+token, body, nil); got.status != http.StatusOK || stored() != before+1 {
		t.Errorf("Cardcom's notice was answered %s and stored %d times", got, stored()-before)
	}
}

// socketsWork opens a WebSocket and sends a ping: tickets and connections are rows in Postgres. It was seen red with a handshake, and with a
// ping, that asked Redis first.
func socketsWork(t *testing.T) {
	t.Helper()
	for _, role := range []string{"owner", "member"} {
		conn := connected(t, a, role)
		if got := say(t, conn, `{"action":"ping"}`); got.Type != "pong" {
			t.Errorf("%s's ping was answered %+v", role, got)
		}
		if err := conn.CloseNow(); err != nil {
			t.Error(err)
		}
	}
}

// told waits until /healthz says this of Redis: a process may find its connection cut first. Postgres is up throughout.
func told(t *testing.T, want string) {
	t.Helper()
	var h struct {
		Stores []struct{ Name, Status string }
	}
	over, again := time.After(time.Minute), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for {
		res, err := client.Get(running.Addresses.API + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(res.Body).Decode(&h)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("/healthz answered %s, %v", res.Status, err)
		}
		for _, s := range h.Stores {
			if s.Name == "redis" && s.Status == want {
				return
			}
		}
		select {
		case <-again.C:
		case <-over:
			t.Fatalf("/healthz never says that Redis is %s: %+v", want, h)
		}
	}
}

func redisGone(t *testing.T) (mend func()) {
	back, err := running.Interrupt(stores.Redis)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := back(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func redisSlow(*testing.T) (mend func()) {
	redis.delay.Store(int64(5 * time.Second))
	return func() { redis.delay.Store(0); redis.cut() }
}

// redisLocked sets a password that the functions do not have.
func redisLocked(t *testing.T) (mend func()) {
	admin := redisAdmin(t)
	set := func(password string) {
		command := admin.B().Arbitrary("CONFIG", "SET", "requirepass").Args(password).Build()
		if err := admin.Do(t.Context(), command).Error(); err != nil {
			t.Error(err)
		}
	}
	set("another")
	return func() { set("") }
}
