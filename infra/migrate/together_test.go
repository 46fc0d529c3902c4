package migrate_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/errgroup"

	"fitkit/infra/migrate"
	"fitkit/shared/postgres/postgrestest"
)

// Roles are the server's, not a database's: two migrations at once change the same. Red without another try: "tuple
// concurrently updated".
func TestTheLoginsOfDatabasesThatAreMigratedAtOnce(t *testing.T) {
	t.Parallel()
	owner, err := pgx.ParseConfig(postgrestest.New(t).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*owner)
	t.Cleanup(func() { _ = db.Close() })
	const password = "fitkit-test-only" // that all tests on this server know
	var all errgroup.Group
	for range 3 {
		all.Go(func() error {
			for range 10 {
				if err := migrate.SetPasswords(t.Context(), db, migrate.Logins{App: password, System: password}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}
