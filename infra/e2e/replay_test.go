package e2e

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"fitkit/infra/local/seed"
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

// untried are the writes whose replays cannot be tried with generated input, each with the reason.
var untried = map[string]string{
	"api-org-set-test-clock": "a studio that charges cards has no test clock; TestAKeyAdvancesATestClockOnce has one of another",
}

// TestAKeyHasOneEffect sends each write many times at once under one key: the effect and the answer are those of one
// request. One write of each kind is sent fifty times, the others a few. The effect is the rows that are added and what
// the others were changed by, so that a change made twice shows where no row is added. Every write that takes a key is
// tried, but for those of untried.
//
// It was seen red with a write left out, and with an edge that made each key another before it looked for its row.
func TestAKeyHasOneEffect(t *testing.T) {
	conn, tried, fifty := database(t), map[string]bool{}, map[string]bool{}
	for _, op := range operations(t) {
		if op.keyed() {
			tried[op.ID] = false
		}
	}
	prepare(t, conn)
	for _, op := range operations(t) {
		if !op.keyed() {
			continue
		}
		input := makerFor(t, a)
		once := input.request(op).as(a, op.somebody()).with("Idempotency-Key", rand.Text())
		start := a.everything(t, conn)
		first := once.send(t) // what one request does
		settle(t)
		one := effect(start, a.everything(t, conn))
		if !first.ok() {
			t.Logf("%s: the generated input is refused (%s)", op.ID, first)
			continue
		}
		input = makerFor(t, a)
		again := input.request(op).as(a, op.somebody()).with("Idempotency-Key", rand.Text())
		times := 5
		if !fifty[kindOf(op)] {
			fifty[kindOf(op)], times = true, 50
		}
		start = a.everything(t, conn)
		answers := together(t, again, times)
		settle(t)
		if many := effect(start, a.everything(t, conn)); !maps.Equal(many, one) {
			t.Errorf("%s: one request does %v, %d under one key do %v", op.ID, one, times, many)
		}
		tried[op.ID] = slices.ContainsFunc(answers, answer.ok)
		wantOneAnswer(t, op, again, answers)
		wantOtherBodyRefused(t, op, once)
		settle(t)
		before := a.digest(t, conn)
		wantReplay(t, op, once, first)
		settle(t)
		t.Run(op.ID, func(t *testing.T) { unchanged(t, before, a.digest(t, conn), keptOfRequests...) })
	}
	for name, was := range tried {
		if _, listed := untried[name]; listed == was {
			t.Errorf("%s: tried %t, listed among those that cannot be %t", name, was, listed)
		}
	}
}

// TestAKeyAdvancesATestClockOnce: an advance that is asked for fifty times under one key does what one does. It was
// seen red with an edge that made each key another.
func TestAKeyAdvancesATestClockOnce(t *testing.T) {
	conn, c := database(t), newcomer(t)
	var op *operation
	for _, o := range operations(t) {
		if o.ID == "api-org-set-test-clock" {
			op = o
		}
	}
	stood := time.Now().UTC().AddDate(0, -1, 0).Truncate(time.Second)
	ask := func(what string, at time.Time) request {
		return request{op: op, body: map[string]any{what: at}}.as(c, "owner").with("Idempotency-Key", rand.Text())
	}
	if got := ask("create_at", stood).send(t); !got.ok() {
		t.Fatal(got)
	}
	advance := func(to time.Time, times int) map[string]int {
		r, start := ask("advance_to", to), c.everything(t, conn)
		answers := together(t, r, times)
		settle(t)
		did := effect(start, c.everything(t, conn))
		wantOneAnswer(t, op, r, answers)
		if !slices.ContainsFunc(answers, answer.ok) {
			t.Errorf("an advance was answered %s", answers[0])
		}
		return did
	}
	if one, many := advance(stood.AddDate(0, 0, 1), 1), advance(stood.AddDate(0, 0, 2), 50); len(one) == 0 || !maps.Equal(one, many) {
		t.Errorf("one request does %v, 50 under one key do %v", one, many)
	}
}

// newcomer is a studio that has nothing but its people.
func newcomer(t *testing.T) *studio {
	t.Helper()
	clerk := seed.Clerk{URL: running.Addresses.Clerk}
	people, err := clerk.CreateStudio(t.Context(), "סטודיו חדש", "newcomer-"+strings.ToLower(rand.Text()[:8]))
	if err != nil {
		t.Fatal(err)
	}
	s := &studio{Record: &seed.Record{Studio: people}, tokens: map[string]string{}}
	if s.tokens["owner"], err = clerk.Token(t.Context(), people.Users["owner"], people.Organization); err != nil {
		t.Fatal(err)
	}
	var me struct{ Org struct{ ID string } }
	owner := seed.Client{API: running.Addresses.API, Token: clerk.Session(people.Users["owner"], people.Organization)}
	if err := owner.Do(t.Context(), http.MethodGet, "/v1/me", "", nil, &me); err != nil {
		t.Fatal(err)
	}
	s.Org = me.Org.ID
	arrived(t, database(t), len(people.Users), "select count(*)::int from staff where org_id = $1", s.Org) // by Clerk's notices
	settle(t)
	return s
}

// prepare makes what the writes take away or try again: charges that failed and a card that pays them, cards to remove,
// and members without a membership. Earlier tests may have removed any card that the studio was seeded with.
func prepare(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	owner := seed.Client{API: running.Addresses.API, Token: func(context.Context) (string, error) { return a.tokens["owner"], nil }}
	payer, spare := a.Members[1], a.Members[2]
	for i, member := range []string{payer, spare, spare, spare, spare, spare} {
		saveCard(t, conn, owner, member, seed.NationalID(i))
		person := seed.MemberAt(5000 + int(made.Add(1)))
		if err := owner.Do(t.Context(), http.MethodPost, "/v1/members", rand.Text(), map[string]any{"name": person.Name, "phone": person.Phone}, nil); err != nil {
			t.Fatal(err)
		}
	}
	settle(t)
	failed := "insert into charges (org_id, id, member_id, kind, amount, description, state, due_at) select $1, app.uuidv7(), $2, 'one_off', 100, 'failed', 'failed', now() from generate_series(1, 10)"
	if _, err := conn.Exec(t.Context(), failed, a.Org, payer); err != nil {
		t.Fatal(err)
	}
}

// saveCard has a member save a good card on the provider's page, and waits for it.
func saveCard(t *testing.T, conn *pgx.Conn, owner seed.Client, member, nationalID string) {
	t.Helper()
	const cards = "select count(*)::int from payment_methods where org_id = $1 and member_id = $2"
	had := read[int](t, conn, cards, a.Org, member)[0]
	var page struct{ URL string }
	if err := owner.Do(t.Context(), http.MethodPost, "/v1/card-sessions", rand.Text(), map[string]any{"member_id": member}, &page); err != nil {
		t.Fatal(err)
	}
	if err := seed.SaveCard(t.Context(), page.URL, seed.CardApproves, nationalID); err != nil {
		t.Fatal(err)
	}
	arrived(t, conn, had+1, cards, a.Org, member)
}

// arrived waits until a count is want: what other processes bring is on its way.
func arrived(t *testing.T, conn *pgx.Conn, want int, count string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for read[int](t, conn, count, args...)[0] < want {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s never was %d\n%s", count, want, written.about("hook-billing-cardcom"))
		}
	}
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
