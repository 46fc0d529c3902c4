package org_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/shared/clock"
	"fitkit/shared/id"
	"fitkit/shared/org"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/postgres/postgrestest"
)

// bench applies Clerk's messages to a database of its own.
type bench struct {
	*postgrestest.Database
	clerk *org.Clerk
	t     *testing.T
}

func newBench(t *testing.T) bench {
	t.Helper()
	db := postgrestest.New(t)
	return bench{db, org.NewClerk(db.System), t}
}

// apply receives messages and runs their jobs, in the order given.
func (b bench) apply(messages ...string) {
	b.t.Helper()
	for _, m := range messages {
		e, _, err := org.ParseEvent([]byte(m), clock.Real())
		if err != nil {
			b.t.Fatalf("%s: %v", m, err)
		}
		key := id.New[id.Event]().String()
		if err := b.clerk.Receive(b.t.Context(), key, e); err != nil {
			b.t.Fatal(err)
		}
		inbox, err := id.Parse[id.Event](postgrestest.Get[string](b.t, b.Database, "select id::text from inbox where event_key = $1", key))
		if err != nil {
			b.t.Fatal(err)
		}
		for range 2 { // the second message of the job finds the event applied
			if err := b.clerk.Apply(b.t.Context(), inbox); err != nil {
				b.t.Fatalf("%s: %v", m, err)
			}
		}
	}
}

// clear empties what events fill.
func (b bench) clear() {
	for _, table := range []string{"audit_log", "staff", "jobs", "inbox", "clerk_deleted_users", "orgs"} {
		b.Exec(b.t, "delete from "+table)
	}
}

// studios is what stands in the tables, in one line.
func (b bench) studios() string {
	return postgrestest.Get[string](b.t, b.Database, `select coalesce(string_agg(format('%s %s %s: %s', o.clerk_org_id, o.name, o.status,
		(select coalesce(string_agg(format('%s %s %s %s', s.clerk_user_id, s.role, s.status, s.name), ', ' order by s.clerk_user_id), 'nobody')
		 from staff s where s.org_id = o.id)), '; ' order by o.clerk_org_id), 'nothing') from orgs o`)
}

// at is a moment n seconds into the test's year, in Clerk's milliseconds.
func at(n int) int64 {
	return time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC).UnixMilli()
}

func orgMessage(kind string, n int, name string) string {
	return fmt.Sprintf(`{"type":"organization.%s","timestamp":%d,"data":{"id":"org_1","name":"%s","slug":"one","updated_at":%d}}`, kind, at(n), name, at(n))
}

func orgGone(n int) string {
	return fmt.Sprintf(`{"type":"organization.deleted","timestamp":%d,"data":{"object":"organization","id":"org_1","slug":"one","deleted":true}}`, at(n))
}

func membership(kind string, n int, user, role string) string {
	return fmt.Sprintf(`{"type":"organizationMembership.%s","timestamp":%d,"data":{"id":"orgmem_1","role":%q,"updated_at":%d,
		"organization":{"id":"org_1","name":"Parent","slug":"one"},"public_user_data":{"user_id":%q,"identifier":"x@example.com","first_name":"X"}}}`,
		kind, at(n), role, at(n), user)
}

func user(kind string, n int, user, first string) string {
	return fmt.Sprintf(`{"type":"user.%s","timestamp":%d,"data":{"id":%q,"first_name":%q,"last_name":"","updated_at":%d,
		"primary_email_address_id":"i","email_addresses":[{"id":"i","email_address":"a@example.com"}]}}`, kind, at(n), user, first, at(n))
}

func TestApplyClerkEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, tc := range map[string]struct {
		messages []string
		want     string
	}{
		"a new studio with its owner": {
			[]string{orgMessage("created", 1, "צפון"), membership("created", 2, "user_a", "org:admin")}, "org_1 צפון active: user_a owner active X"},
		"a membership that comes before its studio makes it": {
			[]string{membership("created", 2, "user_a", "org:admin")}, "org_1 Parent active: user_a owner active X"},
		"the studio's own event then gives it its name": {
			[]string{membership("created", 2, "user_a", "org:admin"), orgMessage("created", 1, "צפון")}, "org_1 צפון active: user_a owner active X"},
		"an older name does not replace a newer one": {
			[]string{orgMessage("updated", 5, "חדש"), orgMessage("created", 1, "ישן")}, "org_1 חדש active: nobody"},
		"a deleted studio stays deleted": {
			[]string{orgMessage("created", 1, "צפון"), orgGone(3), orgMessage("updated", 9, "שוב"), membership("created", 9, "user_a", "org:admin")},
			"org_1 צפון deleted: nobody"},
		"a studio deleted before it was heard of is never made": {
			[]string{orgGone(3), orgMessage("created", 1, "צפון")}, "org_1 one deleted: nobody"},
		"a member of the organisation starts at the front desk": {
			[]string{membership("created", 2, "user_b", "org:member")}, "org_1 Parent active: user_b front_desk active X"},
		"a late creation revives nobody": {
			[]string{membership("deleted", 5, "user_b", "org:member"), membership("created", 2, "user_b", "org:member")},
			"org_1 Parent active: user_b front_desk removed "},
		"nor does a late update": {
			[]string{membership("created", 2, "user_b", "org:member"), membership("deleted", 5, "user_b", "org:member"), membership("updated", 4, "user_b", "org:admin")},
			"org_1 Parent active: user_b front_desk removed X"},
		"who is taken on again is back": {
			[]string{membership("deleted", 5, "user_b", "org:member"), membership("created", 8, "user_b", "org:member")},
			"org_1 Parent active: user_b front_desk active X"},
		"an old removal does not touch who was taken on again": {
			[]string{membership("created", 8, "user_b", "org:member"), membership("deleted", 5, "user_b", "org:member")},
			"org_1 Parent active: user_b front_desk active X"},
		"a role taken away in Clerk is taken away": {
			[]string{membership("created", 1, "user_a", "org:admin"), membership("created", 1, "user_b", "org:admin"), membership("updated", 3, "user_b", "org:member")},
			"org_1 Parent active: user_a owner active X, user_b front_desk active X"},
		"the last owner stays, whatever Clerk says": {
			[]string{membership("created", 1, "user_a", "org:admin"), membership("updated", 3, "user_a", "org:member"), membership("deleted", 5, "user_a", "org:member")},
			"org_1 Parent active: user_a owner active X"},
		"a user's own event names them": {
			[]string{membership("created", 1, "user_b", "org:member"), user("updated", 4, "user_b", "דנה"), user("updated", 3, "user_b", "ישן"), membership("updated", 6, "user_b", "org:member")},
			"org_1 Parent active: user_b front_desk active דנה"},
		"a deleted user is off every staff, and no late membership brings them back": {
			[]string{membership("created", 1, "user_a", "org:admin"), membership("created", 1, "user_b", "org:member"), user("deleted", 4, "user_b", ""), membership("created", 2, "user_b", "org:member")},
			"org_1 Parent active: user_a owner active X, user_b front_desk removed X"},
		"a user deleted before they were heard of never joins": {
			[]string{user("deleted", 4, "user_b", ""), membership("created", 2, "user_b", "org:member")}, "org_1 Parent active: nobody"},
		"a nameless studio is called by what there is": {
			[]string{orgMessage("created", 1, ` \u0000\u0007`)}, "org_1 one active: nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			b.clear()
			b.apply(tc.messages...)
			if got := b.studios(); got != tc.want {
				t.Fatalf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// Whatever order the messages come in, and however often, the same stands at the end.
func TestDisorderIsHarmless(t *testing.T) {
	t.Parallel()
	messages := []string{orgMessage("created", 1, "ישן"), orgMessage("updated", 6, "חדש"), membership("created", 2, "user_b", "org:member"),
		membership("deleted", 5, "user_b", "org:member")}
	const want = "org_1 חדש active: user_b front_desk removed"
	b := newBench(t)
	for order := range permutations(messages) {
		b.clear()
		b.apply(order...)
		if got := strings.TrimSuffix(strings.TrimSuffix(b.studios(), " "), " X"); got != want {
			t.Fatalf("\n got %s\nwant %s\n for %s", got, want, strings.Join(order, "\n"))
		}
	}
}

// permutations yields every order of list.
func permutations(list []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		var walk func(chosen, rest []string) bool
		walk = func(chosen, rest []string) bool {
			if len(rest) == 0 {
				return yield(chosen)
			}
			for i := range rest {
				left := slices.Delete(slices.Clone(rest), i, i+1)
				if !walk(append(slices.Clone(chosen), rest[i]), left) {
					return false
				}
			}
			return true
		}
		walk(nil, list)
	}
}

func TestTheStudiosOwnNameStays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(orgMessage("created", 1, "Clerk's"))
	b.Exec(t, "update orgs set name = 'שלנו', name_own = true")
	b.apply(orgMessage("updated", 5, "Clerk's again"))
	if got := b.studios(); got != "org_1 שלנו active: nobody" {
		t.Fatal(got)
	}
}

func TestAKeptLastOwnerIsInTheTrail(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]string{"a membership": membership("deleted", 5, "user_a", "org:admin"), "a user": user("deleted", 5, "user_a", "")} {
		b := newBench(t)
		b.apply(membership("created", 1, "user_a", "org:admin"), gone)
		if n := postgrestest.Get[int](t, b.Database, "select count(*)::int from audit_log where action = 'staff.last_owner_kept'"); n != 1 {
			t.Errorf("after the deletion of %s: %d entries", name, n)
		}
	}
}

// A person whom the studio's owner removed in FitKit is not brought back by older news from Clerk.
func TestARemovalInFitKitOutlivesOlderNews(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(membership("created", 1, "user_a", "org:admin"))
	b.Exec(t, "insert into staff (org_id, clerk_user_id, role, status, clerk_updated_at) select id, 'user_b', 'coach', 'removed', now() from orgs")
	b.apply(membership("created", 2, "user_b", "org:admin"), membership("updated", 3, "user_b", "org:member"))
	if got := b.studios(); !strings.Contains(got, "user_b coach removed") {
		t.Fatal(got)
	}
}

func TestTheJobsQueueIsTheOneThatIsFilled(t *testing.T) {
	if got := orgjob.ApplyClerkEventOp.Queue(); got != org.ApplyClerkEvent {
		t.Fatalf("%s is filled, %s is worked on", org.ApplyClerkEvent, got)
	}
}

// Red while names and e-mails stayed in the inbox for ever, also of people whom Clerk had deleted.
func TestAnAppliedEventForgetsWhoItWasAbout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(membership("created", 1, "user_a", "org:admin"), user("updated", 2, "user_a", "נועה"))
	const persons = "select coalesce(string_agg(payload::text, ' '), '') from inbox where payload ?| array['user_name', 'email']"
	if got := postgrestest.Get[string](t, b.Database, persons); got != "" {
		t.Error("the inbox keeps", got)
	}
}
