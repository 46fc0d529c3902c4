package e2e

import (
	"crypto/rand"
	"maps"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"fitkit/shared/catalog"
)

// kindOf groups writes by what decides how a key is kept: the method, and whether a provider is called between transactions.
func kindOf(op *operation) string {
	for _, e := range catalog.Endpoints() {
		if e.Op.Name == op.ID && e.Op.Steps {
			return op.Method + " with steps"
		}
	}
	return op.Method
}

// TestAKeyHasOneEffect sends each write many times at once under one key: the effect and the answer are those of one
// request. One write of each kind is sent fifty times, the others a few.
func TestAKeyHasOneEffect(t *testing.T) {
	conn, seen, answered := database(t), map[string]bool{}, map[string]bool{}
	failed := "insert into charges (org_id, id, member_id, kind, amount, description, state, due_at) select $1, app.uuidv7(), $2, 'one_off', 100, 'failed', 'failed', now() from generate_series(1, 10)"
	if _, err := conn.Exec(t.Context(), failed, a.Org, a.Members[1]); err != nil {
		t.Fatal(err)
	}
	for _, op := range operations(t) {
		if !op.keyed() {
			continue
		}
		input := makerFor(t, a)
		once := input.request(op).as(a, op.somebody()).with("Idempotency-Key", rand.Text())
		start := a.rows(t, conn)
		first := once.send(t) // what one request does
		settle(t)
		one := grown(start, a.rows(t, conn))
		if !first.ok() {
			t.Logf("%s: the generated input is refused (%s), so its replays are not tried", op.ID, first)
			continue
		}
		answered[kindOf(op)] = true
		input = makerFor(t, a)
		again := input.request(op).as(a, op.somebody()).with("Idempotency-Key", rand.Text())
		times := 5
		if !seen[kindOf(op)] {
			seen[kindOf(op)], times = true, 50
		}
		start = a.rows(t, conn)
		answers := together(t, again, times)
		settle(t)
		if many := grown(start, a.rows(t, conn)); !maps.Equal(many, one) && answers[0].ok() {
			t.Errorf("%s: one request adds %v, %d under one key add %v", op.ID, one, times, many)
		}
		wantOneAnswer(t, op, again, answers)
		wantOtherBodyRefused(t, op, once)
		wantReplay(t, op, once, first)
	}
	for kind := range seen {
		if !answered[kind] {
			t.Errorf("no write of kind %s could be tried", kind)
		}
	}
}

func grown(before, after map[string]int) map[string]int {
	out := map[string]int{}
	for table, n := range after {
		if n != before[table] {
			out[table] = n - before[table]
		}
	}
	return out
}

func together(t *testing.T, r request, times int) []answer {
	t.Helper()
	answers := make([]answer, times)
	var group errgroup.Group
	for i := range answers {
		group.Go(func() (err error) { answers[i], err = r.try(); return err })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return answers
}

// wantOneAnswer: every answer is the same, but for those that were told that the first is still running; asked again,
// they get it too.
func wantOneAnswer(t *testing.T, op *operation, r request, answers []answer) {
	t.Helper()
	final := r.send(t)
	for _, got := range answers {
		if got.code() == "idempotency.in_progress" {
			continue
		}
		if got.status != final.status || got.said() != final.said() {
			t.Errorf("%s: one key is answered %s and %s", op.ID, final, got)
		}
	}
}

func wantReplay(t *testing.T, op *operation, r request, first answer) {
	t.Helper()
	if got := r.send(t); got.status != first.status || string(got.body) != string(first.body) {
		t.Errorf("%s: first %s, then %s", op.ID, first, got)
	}
	delete(r.header, "Idempotency-Key")
	if got := r.with("Idempotency-Key", "").send(t); got.status != 400 || got.code() != "idempotency.key_missing" {
		t.Errorf("%s without a key: %s", op.ID, got)
	}
	if got := r.with("Idempotency-Key", strings.Repeat("k", 256)).send(t); got.status != 400 {
		t.Errorf("%s with a key that is too long: %s", op.ID, got)
	}
}

// wantOtherBodyRefused: a key stands for one request of one studio.
func wantOtherBodyRefused(t *testing.T, op *operation, r request) {
	t.Helper()
	other := makerFor(t, a).request(op).as(a, op.somebody()).with("Idempotency-Key", r.header["Idempotency-Key"])
	if fields := op.fields(); len(fields) > 0 && fields[0].in == "path" {
		other = other.set(fields[0], "01900000-0000-7000-8000-000000000000")
	}
	if got := other.send(t); string(mustJSON(other.body)) != string(mustJSON(r.body)) && got.code() != "idempotency.key_reused" {
		t.Errorf("%s with another body under the same key: %s", op.ID, got)
	}
	theirs := makerFor(t, b).request(op).as(b, op.somebody()).with("Idempotency-Key", r.header["Idempotency-Key"]).send(t)
	if strings.HasPrefix(theirs.code(), "idempotency.") {
		t.Errorf("%s: another studio's key stands in the way: %s", op.ID, theirs)
	}
	wantNothingOf(t, a, theirs, op.ID)
}
