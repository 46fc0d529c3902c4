package membership_test

import (
	"strings"
	"testing"
	"time"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/membership"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

// deal makes a membership of a fresh member, sold on 1 March at 00:00, and sets columns of it.
func deal(t *testing.T, s *billingtest.Studio, set string) (id.Membership, id.Member) {
	t.Helper()
	m := s.Member(t)
	ms := s.Membership(t, m, billingtest.Start, 24900)
	s.Exec(t, "update memberships set state = 'active', next_charge_at = null where id = $1 and $2", ms, !strings.Contains(set, "pending_payment"))
	s.Exec(t, "update memberships set "+set+" where id = $1", ms)
	return ms, m
}

func state(t *testing.T, s *billingtest.Studio, ms id.Membership) membership.State {
	t.Helper()
	return postgrestest.Get[membership.State](t, s.Database, "select state from memberships where id = $1", ms)
}

func end(t *testing.T, s *billingtest.Studio) (n int64) {
	t.Helper()
	n, err := membership.NewEnder(s.System, s.DB).End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Each case is over at the midnight in Jerusalem at which 10 March begins, or, where lasts says so, not then.
// Red with UTC's day in place of the studio's, with the entries' end left out of app.membership_ends or its types, and with the
// guard of unplanned months taken away.
func TestAMembershipEndsByItself(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	midnight := time.Date(2026, 3, 9, 22, 0, 0, 0, time.UTC)
	type held struct {
		ms     id.Membership
		member id.Member
		reason string // empty: it goes on
	}
	all := map[string]held{}
	for name, tc := range map[string]struct{ set, reason string }{
		"a term that is over":                       {"type = 'fixed_term', term_end = '2026-03-10'", "term_over"},
		"one that was never paid":                   {"state = 'pending_payment', next_charge_at = null, type = 'fixed_term', term_end = '2026-03-10'", "term_over"},
		"a pack that has expired":                   {"type = 'pack', entries_left = 4, expires_on = '2026-03-10'", "expired"},
		"a cancellation that takes effect":          {"state = 'cancel_pending', cancel_notice_at = '2026-03-05', cancel_effective_on = '2026-03-10', term_end = '2027-03-01'", "cancelled"},
		"a term with a day left":                    {"type = 'fixed_term', term_end = '2026-03-11'", ""},
		"an open-ended one":                         {"type = 'recurring'", ""},
		"an open-ended one without entries":         {"type = 'recurring', entries_left = 0", ""},
		"a drop-in that was not used":               {"type = 'drop_in', entries_left = 1", ""},
		"a frozen one, whose end its freeze moves":  {"state = 'frozen', type = 'fixed_term', term_end = '2026-03-10'", ""},
		"one whose last month is to be planned yet": {"term_end = '2026-03-10', next_charge_at = '2026-03-12'", ""},
	} {
		ms, m := deal(t, s, tc.set)
		all[name] = held{ms, m, tc.reason}
	}
	s.SetNow(t, midnight.Add(-time.Second))
	if n := end(t, s); n != 0 {
		t.Fatalf("%d ended a second too early", n)
	}
	s.SetNow(t, midnight)
	if n := end(t, s); n != 4 {
		t.Fatalf("%d ended", n)
	}
	if n := end(t, s); n != 0 {
		t.Fatalf("a second run ended %d", n)
	}
	for name, h := range all {
		t.Run(name, func(t *testing.T) {
			events := postgrestest.Get[int](t, s.Database, `select count(*) from member_events
				where member_id = $1 and kind = 'membership.ended' and data = jsonb_build_object('membership_id', $2::text, 'reason', $3::text) and at = $4`,
				h.member, h.ms.String(), h.reason, midnight)
			if ended := state(t, s, h.ms) == membership.Ended; ended != (h.reason != "") || (events == 1) != ended {
				t.Fatalf("%s, with %d events", state(t, s, h.ms), events)
			}
		})
	}
}

func TestADealOfEntriesEndsWithTheLast(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	for _, kind := range []string{"pack", "trial", "drop_in"} {
		ms, _ := deal(t, s, "type = '"+kind+"', entries_left = 1, expires_on = '2026-06-01'")
		if end(t, s) != 0 {
			t.Fatalf("a %s with an entry ended", kind)
		}
		s.Exec(t, "update memberships set entries_left = 0 where id = $1", ms)
		if end(t, s); state(t, s, ms) != membership.Ended {
			t.Fatalf("a %s without entries goes on", kind)
		}
	}
}

// What was due before the end is owed after it, and collected; what a cancellation took away is not. Red with the ender
// voiding every open charge.
func TestOpenChargesOutliveTheirMembership(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	m := s.Member(t)
	ms := s.Membership(t, m, billingtest.Start, 24900)
	if _, err := s.Collector.PlanOrg(t.Context(), s.Caller); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "update memberships set term_end = '2026-04-01', next_charge_at = null where id = $1", ms)
	c := postgrestest.Get[id.Charge](t, s.Database, "select id from charges where membership_id = $1", ms)
	s.SetNow(t, billingtest.Start.AddDate(0, 1, 0))
	if end(t, s) != 1 {
		t.Fatal("it goes on")
	}
	people := member.NewStore(s.DB)
	if _, err := people.Archive(t.Context(), s.Caller, m); err == nil || state(t, s, ms) != membership.Ended || s.State(t, c) != "due" {
		t.Fatalf("archived with a debt: %v, %s", err, s.State(t, c))
	}
	s.Execute(t, c)
	if s.State(t, c) != "paid" || state(t, s, ms) != membership.Ended {
		t.Fatalf("the charge is %s, the membership %s", s.State(t, c), state(t, s, ms))
	}
	if got, err := people.Archive(t.Context(), s.Caller, m); err != nil || got.Status != "archived" {
		t.Fatalf("who holds and owes nothing is not archived: %v", err)
	}
}

func TestNextDueIsTheMidnightOfTheNextEnd(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	store := membership.NewStore(s.DB)
	next := func() (at *time.Time) {
		t.Helper()
		err := s.DB.InOrg(t.Context(), s.Caller, func(tx postgres.Tx) (err error) {
			at, err = store.NextDue(t.Context(), tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if at := next(); at != nil {
		t.Fatalf("nothing is due, and it says %s", at)
	}
	deal(t, s, "term_end = '2026-06-01'")
	deal(t, s, "expires_on = '2026-03-20'")
	deal(t, s, "term_end = '2026-03-10', next_charge_at = '2026-03-12'") // waits for its month, which billing plans
	want := time.Date(2026, 3, 19, 22, 0, 0, 0, time.UTC)
	if at := next(); at == nil || !at.Equal(want) {
		t.Fatalf("next is %v", at)
	}
	s.SetNow(t, want)
	if err := store.FireDue(t.Context(), s.Caller); err != nil {
		t.Fatal(err)
	}
	if at := next(); at == nil || !at.Equal(time.Date(2026, 5, 31, 21, 0, 0, 0, time.UTC)) { // summer time by then
		t.Fatalf("next is %v", at)
	}
}
