package e2e

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// rightsAndMoney are reads whose answers hold what somebody may do, has booked or owes; each must be among those compared.
var rightsAndMoney = []string{"api-org-get-me", "api-org-list-staff", "api-membership-list", "api-membership-get", "api-billing-list-charges",
	"api-billing-list-arrears", "api-billing-list-payment-methods", "api-member-get"}

// TestAFlushOfRedisChangesNothing is T11's flush: every read that answers the same twice answers the same once more when all of
// Redis's keys are gone, to every role. Red with the studio renamed instead, which shows that it looks.
func TestAFlushOfRedisChangesNothing(t *testing.T) {
	admin := redisAdmin(t)
	if err := admin.Do(t.Context(), admin.B().Set().Key("t11").Value("1").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	first, second := readAll(t), readAll(t)
	if err := admin.Do(t.Context(), admin.B().Flushall().Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if n, err := admin.Do(t.Context(), admin.B().Dbsize().Build()).AsInt64(); err != nil || n != 0 {
		t.Fatalf("%d keys are left, %v", n, err)
	}
	compared := map[string]bool{}
	for what, got := range readAll(t) {
		before := second[what]
		if timeless(first[what]) != timeless(before) { // it counts, or measures
			continue
		}
		if got.status != before.status || timeless(got) != timeless(before) {
			t.Errorf("%s was answered %s\nand before the flush %s", what, got, before)
		}
		if before.ok() {
			id, _, _ := strings.Cut(what, " ")
			compared[id] = true
		}
	}
	for _, id := range rightsAndMoney {
		if !compared[id] {
			t.Errorf("%s was not compared: %s", id, second[id+" as owner"])
		}
	}
}

var now = regexp.MustCompile(`"now":"[^"]*"`)

// timeless is what was said without the time.
func timeless(a answer) string { return now.ReplaceAllString(a.said(), "") }

// readAll asks every read as every role of the studio, by operation and role.
func readAll(t *testing.T) map[string]answer {
	t.Helper()
	m, answers := makerFor(t, a), map[string]answer{}
	for _, op := range operations(t) {
		if op.Method != http.MethodGet {
			continue
		}
		for _, role := range people() {
			answers[op.ID+" as "+role] = m.request(op).as(a, role).send(t)
		}
	}
	return answers
}

// patience is how long a busy machine may take over an answer that waits for nobody; Redis would have taken longer.
const patience = time.Second

// TestRedisIsLostInTheMiddleOfARequest: Redis has heard the question and goes before it answers. Whoever asks it says that it is
// down, at once, and its process serves the next request. Red without the cut: Redis is then only slow.
func TestRedisIsLostInTheMiddleOfARequest(t *testing.T) {
	told(t, "up")
	redis.delay.Store(int64(5 * time.Second))
	asked, answered := redis.asked.Load(), make(chan answer, 1)
	began := time.Now()
	go func() {
		res, err := client.Get(running.Addresses.API + "/healthz")
		if err != nil {
			answered <- answer{}
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body) // what is cut off names no store
		answered <- answer{status: res.StatusCode, body: body}
	}()
	for over := time.After(time.Minute); redis.asked.Load() == asked; {
		select {
		case <-over:
			t.Fatal("nobody asked Redis")
		case <-time.After(time.Millisecond):
		}
	}
	redis.cut()
	got := <-answered
	took := time.Since(began)
	redis.delay.Store(0)
	if got.status != http.StatusOK || !strings.Contains(string(got.body), `{"name":"redis","status":"down"`) || took > patience {
		t.Errorf("after %s: %s", took, got)
	}
	told(t, "up")
}

// TestReadsAreAsQuickWithoutRedis compares the 95th percentile of reads with Redis and without, in turns, so that whatever else
// the machine does meets both: T11 allows twice as long. Only by night, for a ratio of times wants a quiet machine.
func TestReadsAreAsQuickWithoutRedis(t *testing.T) {
	if os.Getenv("NIGHTLY") != "1" {
		t.Skip("only with NIGHTLY=1")
	}
	m := makerFor(t, a)
	var reads []request
	for _, op := range operations(t) {
		if slices.Contains(rightsAndMoney, op.ID) {
			reads = append(reads, m.request(op).as(a, "owner"))
		}
	}
	const rounds, each = 4, 50
	var with, without []time.Duration
	for range rounds {
		with = append(with, timed(t, reads, each)...)
		mend := redisGone(t)
		redis.cut()
		without = append(without, timed(t, reads, each)...)
		mend()
		told(t, "up")
	}
	normal, lost := p95(with), p95(without)
	t.Logf("p95 of %d reads: %s with Redis, %s without", len(with), normal, lost)
	if lost > 2*normal {
		t.Errorf("without Redis the 95th percentile is %s, with it %s", lost, normal)
	}
}

// timed sends each read so many times, one after the other, after one that starts its function's process.
func timed(t *testing.T, reads []request, times int) (all []time.Duration) {
	t.Helper()
	for _, r := range reads {
		for i := range times + 1 {
			began := time.Now()
			got, err := r.once()
			if took := time.Since(began); err != nil || !got.ok() {
				if err := newMinute(); err != nil || got.status != http.StatusTooManyRequests {
					t.Fatalf("%s: %s, %v", r.op.ID, got, err)
				}
			} else if i > 0 {
				all = append(all, took)
			}
		}
	}
	return all
}

func p95(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)*95/100]
}

// redisAdmin is a client beside the door.
func redisAdmin(t *testing.T) rueidis.Client {
	t.Helper()
	opt, err := rueidis.ParseURL(running.Stores.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	opt.DisableCache, opt.ForceSingleClient = true, true
	admin, err := rueidis.NewClient(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return admin
}
