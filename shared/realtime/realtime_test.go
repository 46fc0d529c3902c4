package realtime_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"fitkit/shared/id"
	"fitkit/shared/management"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/realtime"
	"fitkit/shared/tenancy"
)

// world is a studio with an owner and the store.
type world struct {
	*postgrestest.Database
	store *realtime.Store
	org   id.Org
	owner tenancy.Caller
}

func newWorld(t *testing.T) *world {
	d := postgrestest.New(t)
	w := &world{Database: d, store: realtime.NewStore(d.DB), org: id.New[id.Org]()}
	d.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_a', 'סטודיו', 'a')", w.org)
	w.owner = tenancy.Caller{UserID: "user_owner", ClerkOrg: "org_a", ClerkRole: "admin", Allowed: tenancy.People}
	return w
}

// open connects the caller.
func (w *world) open(t *testing.T, c tenancy.Caller, connection string) {
	t.Helper()
	ticket, _, err := w.store.CreateTicket(t.Context(), c)
	if err == nil {
		err = w.store.Open(t.Context(), ticket, connection)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestATicketIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket, expires, err := w.store.CreateTicket(t.Context(), w.owner)
	if err != nil || time.Until(expires) > time.Minute {
		t.Fatalf("until %v, %v", expires, err)
	}
	const copies = 8
	results := make(chan error, copies)
	for i := range copies {
		go func() { results <- w.store.Open(t.Context(), ticket, string(rune('a'+i))) }()
	}
	opened := 0
	for range copies {
		switch err := <-results; {
		case err == nil:
			opened++
		case !errors.Is(err, realtime.ErrTicket):
			t.Error(err)
		}
	}
	if n := postgrestest.Get[int](t, w.Database, "select count(*) from connections"); opened != 1 || n != 1 {
		t.Errorf("%d handshakes were let in and %d connections noted", opened, n)
	}
}

func TestWhatEndsAConnection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change string
		cut    bool
	}{
		"nothing":                              {"select 1", false},
		"a studio that is suspended":           {"update orgs set status = 'suspended'", true},
		"a studio that is deleted":             {"update orgs set status = 'deleted'", true},
		"a member who is archived":             {"update members set status = 'archived', archived_at = now()", true},
		"a member whose sign-in is another's":  {"update members set clerk_user_id = 'user_other'", true},
		"a connection not seen for 15 minutes": {"update connections set connected_at = now() - interval '1 hour', last_seen = now() - interval '15 minutes'", true},
		"a connection seen within 14 minutes":  {"update connections set connected_at = now() - interval '1 hour', last_seen = now() - interval '14 minutes'", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Exec(t, "insert into members (org_id, id, name, search_key, clerk_user_id) values ($1, $2, 'נועה', 'נועה', 'user_noa')", w.org, id.New[id.Member]())
			w.open(t, tenancy.Caller{UserID: "user_noa", HeaderOrg: w.org, Allowed: tenancy.People}, "noa=")
			w.Exec(t, tc.change)
			var to cuts
			n, err := realtime.NewCutter(w.System, &to).Cut(t.Context())
			if err != nil || (n == 1) != tc.cut || slices.Contains(to.cut, "noa=") != tc.cut {
				t.Fatalf("cut %d (%q), %v", n, to.cut, err)
			}
			if left := postgrestest.Get[int](t, w.Database, "select count(*) from connections"); (left == 0) != tc.cut {
				t.Errorf("%d rows are left", left)
			}
		})
	}
}

func TestARoleThatChangedEndsTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(t, w.owner, "owner=")
	w.Exec(t, "insert into staff (org_id, clerk_user_id, role) values ($1, 'user_b', 'owner')", w.org)
	if err := w.store.See(t.Context(), tenancy.Caller{Connection: "owner="}); err != nil {
		t.Fatal(err)
	}
	w.Exec(t, "update staff set role = 'coach' where clerk_user_id = 'user_owner'")
	if err := w.store.See(t.Context(), tenancy.Caller{Connection: "owner="}); !errors.Is(err, realtime.ErrOver) {
		t.Errorf("a ping after it: %v", err)
	}
	if n, err := realtime.NewCutter(w.System, &cuts{}).Cut(t.Context()); n != 1 || err != nil {
		t.Errorf("cut %d, %v", n, err)
	}
}

// cuts notes what is cut, and fails as told.
type cuts struct {
	cut  []string
	fail map[string]error
}

func (c *cuts) Cut(_ context.Context, connection string) error {
	if err := c.fail[connection]; err != nil {
		return err
	}
	c.cut = append(c.cut, connection)
	return nil
}

func (c *cuts) Post(_ context.Context, connection string, _ []byte) error { return c.fail[connection] }

func TestAConnectionThatCannotBeCutIsFoundAgainAndStopsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, connection := range []string{"a", "gone", "z"} {
		w.open(t, w.owner, connection)
	}
	w.Exec(t, "update orgs set status = 'suspended'")
	to := &cuts{fail: map[string]error{"a": errors.New("down"), "gone": management.ErrGone}}
	if n, err := realtime.NewCutter(w.System, to).Cut(t.Context()); n != 2 || err == nil {
		t.Errorf("cut %d, %v", n, err)
	}
	to.fail = nil
	if n, err := realtime.NewCutter(w.System, to).Cut(t.Context()); n != 1 || err != nil {
		t.Errorf("the next run cut %d, %v", n, err)
	}
}

func TestAMessageToAConnectionThatIsGoneTakesItsRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(t, w.owner, "gone")
	posts := realtime.NewPosts(w.store, &cuts{fail: map[string]error{"gone": management.ErrGone}})
	if err := posts.Post(t.Context(), "gone", []byte("{}")); !errors.Is(err, management.ErrGone) {
		t.Error(err)
	}
	if n := postgrestest.Get[int](t, w.Database, "select count(*) from connections"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
