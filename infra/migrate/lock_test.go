package migrate_test

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/migrate"
	"fitkit/migrations"
	"fitkit/shared/postgres/postgrestest"
)

// TestAMigrationDoesNotQueueBehindATablesUsers: who waits for a table makes everybody wait who comes after. A migration gives up
// after seconds and begins anew, so that requests get in between; when the table is free it goes on. It was seen red without
// the session's lock_timeout.
func TestAMigrationDoesNotQueueBehindATablesUsers(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	files := fstest.MapFS{"99999_test.sql": {Data: []byte("-- +goose Up\nalter table orgs add column test text;\n")}}
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	holder, err := pgx.Connect(t.Context(), db.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.Background())
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "select 1 from orgs"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- migrate.Apply(context.Background(), files, db.OwnerURL, migrate.Logins{}) }()
	// began is when the transaction began that waits for the table; "" while none does.
	began := func() string {
		select {
		case err := <-done:
			t.Fatalf("it ended before the table was free: %v", err)
		default:
		}
		return postgrestest.Get[string](t, db, `select coalesce(max(a.xact_start)::text, '') from pg_locks l join pg_stat_activity a using (pid)
			where l.relation = 'orgs'::regclass and not l.granted`)
	}
	first := ""
	for first == "" { // it waits in the table's line,
		first = began()
	}
	for now := first; now == first || now == ""; { // leaves it by itself, and comes again
		now = began()
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the table was free: %v", err)
	}
}
