package isolation

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

var errGiveUp = errors.New("the handler gives up")

// TestTwoStudiosAlternateOnOneConnection is what a warm function or a transaction pooler does: requests of two studios
// follow each other on one backend, among them failed, cancelled and panicking ones.
func TestTwoStudiosAlternateOnOneConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	db, err := postgres.Open(postgres.Config{URL: w.AppURL, MaxConns: 1, ExecMode: pgx.QueryExecModeCacheDescribe, Application: "one connection"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	for i := range figure(1_000, 10_000) {
		s := w.a
		if i%2 == 1 {
			s = w.b
		}
		visit(t, db, s.id, i)
	}
}

// figure is how often: the small number on each change, the full one in the night.
func figure(change, night int) int {
	if os.Getenv("NIGHTLY") == "1" {
		return night
	}
	return change
}

// visit is the i-th request: it must see its own studio and nothing of the request before, whatever became of that.
func visit(t *testing.T, db *postgres.DB, studio string, i int) {
	t.Helper()
	org, err := id.Parse[id.Org](studio)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer func() { _ = recover() }()
	var mine, all int
	var before string
	err = db.InOrg(ctx, tenancy.ForOrg(org, "test"), func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, "select count(*) filter (where org_id = $1)::int, count(*)::int, current_setting('app.org_id', true) from members", studio).
			Scan(&mine, &all, &before)
		if err != nil {
			return err
		}
		switch i % 7 {
		case 2:
			return errGiveUp
		case 3:
			cancel()
		case 5:
			_, err := tx.Exec(ctx, "select 1 / 0")
			return err
		case 6:
			panic("in the middle of a transaction")
		}
		return nil
	})
	if mine != 1 || all != 1 || before != studio {
		t.Fatalf("request %d of %s sees %d own members of %d, set for %q: %v", i, studio, mine, all, before, err)
	}
}

// TestAStudioEndsWithItsTransaction: between two requests the connection belongs to nobody. It was seen red with app.enter_org
// setting the studio for the session (set_config(…, false)): after a commit, a rollback and an error the studio stayed, and its
// member was seen. The other entries are looked at in TestNothingLeadsAroundTheTablesProtection. TestTwoStudiosAlternateOnOneConnection
// cannot see this fault, for each of its requests enters a studio anew.
func TestAStudioEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := connect(t, w.AppURL)
	for name, end := range map[string]string{"after a commit": "commit", "after a rollback": "rollback", "after an error": "select 1 / 0"} {
		t.Run(name, func(t *testing.T) {
			run(t, conn, "begin")
			run(t, conn, entering(w.a.id))
			if _, err := conn.Exec(t.Context(), end); err != nil {
				run(t, conn, "rollback")
			}
			var seen int
			var left string
			if err := conn.QueryRow(t.Context(), "select count(*)::int, coalesce(current_setting('app.org_id', true), '') from members").Scan(&seen, &left); err != nil {
				t.Fatal(err)
			}
			if seen != 0 || left != "" {
				t.Errorf("%d members are seen, and the studio is still %q", seen, left)
			}
		})
	}
}
