package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"fitkit/shared/id"
)

// malformed are no ids at all.
var malformed = []string{"1", "null", "undefined", "../../b", "00000000-0000-0000-0000-00000000000g", "' or 1=1 --", strings.Repeat("a", 300)}

// TestIDsOfAnotherStudioAreOfNothing puts every id that the other studio has into every field of every route that names a
// thing. The answer is the one for an id that nobody has: 404 with the same body, or no rows where a list is filtered.
func TestIDsOfAnotherStudioAreOfNothing(t *testing.T) {
	conn := database(t)
	theirs, input := b.ids(t, conn), makerFor(t, a)
	before := b.digest(t, conn)
	tried := 0
	for _, op := range operations(t) {
		for _, role := range op.callers() {
			for _, f := range op.fields() {
				if f.isID() {
					tried += len(theirs)
					wantNoDifference(t, input.request(op).as(a, role), f, theirs)
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d foreign ids were tried: the other studio has too little", tried)
	}
	settle(t)
	unchanged(t, before, b.digest(t, conn))
}

// wantNoDifference compares what the field makes of an id of nothing with what it makes of each of theirs, and of no ids.
func wantNoDifference(t *testing.T, r request, f field, theirs map[string][]string) {
	t.Helper()
	nothing := r.set(f, id.New[id.Event]().String()).send(t)
	wantNothing(t, r.op, f, nothing)
	for table, ids := range theirs {
		if got := r.set(f, ids[0]).send(t); got.status != nothing.status || got.said() != nothing.said() {
			t.Errorf("%s %s: the other studio's %s is answered %s, an id of nothing %s", r.op.ID, f, table, got, nothing)
		}
	}
	for _, text := range malformed {
		if got := r.set(f, text).send(t); got.status != 404 && got.status != 422 {
			t.Errorf("%s %s: %.40q is answered %s", r.op.ID, f, text, got)
		}
	}
}

// wantNothing: a thing that is not there is 404; a filter by it gives an empty list.
func wantNothing(t *testing.T, op *operation, f field, got answer) {
	t.Helper()
	if f.in == "query" && got.status == 200 {
		var list struct{ Items []any }
		if err := json.Unmarshal(got.body, &list); err == nil && len(list.Items) == 0 {
			return
		}
	}
	if got.status != 404 {
		t.Errorf("%s %s: an id of nothing is answered %s", op.ID, f, got)
	}
}

// TestTheHeaderOpensNoOtherStudio: for members the studio is a header, and only a row of theirs makes it valid.
func TestTheHeaderOpensNoOtherStudio(t *testing.T) {
	input := makerFor(t, a)
	for _, op := range operations(t) {
		if len(op.Security) == 0 {
			continue
		}
		for _, role := range []string{"owner", "member"} {
			want := input.request(op).as(a, role).with("FitKit-Org", id.New[id.Org]().String()).send(t)
			for _, org := range []string{b.Org, strings.ToUpper(b.Org), "not an id"} {
				got := input.request(op).as(a, role).with("FitKit-Org", org).send(t)
				if got.status != 404 || got.said() != want.said() {
					t.Errorf("%s as %s for %q: %s, want %s", op.ID, role, org, got, want)
				}
			}
		}
	}
}

// TestACursorOfAnotherStudioShowsNothingOfIt pages a list of one studio with the other's cursor.
func TestACursorOfAnotherStudioShowsNothingOfIt(t *testing.T) {
	input, cursors := makerFor(t, b), 0
	for _, op := range operations(t) {
		for _, f := range op.fields() {
			if f.String() != "query.cursor" {
				continue
			}
			limit := field{"query", []string{"limit"}, nil}
			cursor := input.request(op).as(b, op.somebody()).set(limit, "1").send(t).text("next_cursor")
			if cursor == "" {
				continue // one page is all there is
			}
			cursors++
			got := makerFor(t, a).request(op).as(a, op.somebody()).set(f, cursor).send(t)
			if got.status != 200 && got.status != 422 && got.status != 404 {
				t.Errorf("%s: %s", op.ID, got)
			}
			wantNothingOf(t, b, got, op.ID)
		}
	}
	if cursors == 0 {
		t.Error("no list gave a cursor")
	}
}

// wantNothingOf looks for a studio's ids in an answer.
func wantNothingOf(t testing.TB, s *studio, got answer, what string) {
	t.Helper()
	for _, hidden := range append([]string{s.Org, s.Studio.Organization, s.Studio.Name}, s.Members...) {
		if strings.Contains(string(got.body), hidden) {
			t.Errorf("%s shows %s of the other studio: %s", what, hidden, got)
		}
	}
}

// TestRandomRequestsNeverReachAnotherStudio sends mixtures of own, foreign, random and broken ids as anybody.
func TestRandomRequestsNeverReachAnotherStudio(t *testing.T) {
	conn := database(t)
	before := b.digest(t, conn)
	f := fuzz{Rand: seeded(t), ops: operations(t), input: makerFor(t, a), theirs: b.ids(t, conn)}
	var group errgroup.Group
	group.SetLimit(4)
	for range figure(500, 100_000) {
		r, what := f.request()
		group.Go(func() error {
			got, err := r.try()
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			if got.status >= 500 {
				t.Errorf("%s was answered %s\n%s", what, got, written.about(got.text("correlation_id")))
			}
			wantNothingOf(t, b, got, what)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	settle(t)
	unchanged(t, before, b.digest(t, conn))
}

type fuzz struct {
	*rand.Rand
	ops    []*operation
	input  maker
	theirs map[string][]string
}

func (f fuzz) request() (request, string) {
	op := pick(f.Rand, f.ops)
	role := pick(f.Rand, people())
	r := f.input.request(op).as(a, role)
	what := op.ID + " as " + role
	for _, field := range op.fields() {
		if field.isID() && f.IntN(2) == 0 {
			value := f.id()
			r = r.set(field, value)
			what += fmt.Sprintf(" %s=%.40q", field, value)
		}
	}
	if f.IntN(4) == 0 {
		org := pick(f.Rand, []string{b.Org, a.Org, b.Studio.Organization, f.id()})
		r = r.with("FitKit-Org", org)
		what += fmt.Sprintf(" for %.40q", org)
	}
	return r, what
}

func (f fuzz) id() string {
	switch f.IntN(5) {
	case 0:
		return id.New[id.Event]().String()
	case 1:
		return pick(f.Rand, malformed[:6])
	}
	tables := make([]string, 0, len(f.theirs))
	for _, op := range f.ops {
		for _, field := range op.fields() {
			if table := tableOf(field.name(), op.Path); field.isID() && len(f.theirs[table]) > 0 {
				tables = append(tables, table)
			}
		}
	}
	return pick(f.Rand, f.theirs[pick(f.Rand, tables)])
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// seeded is chance that E2E_SEED repeats.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("E2E_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("E2E_SEED=%d repeats this", seed)
	return rand.New(rand.NewPCG(seed, seed))
}
