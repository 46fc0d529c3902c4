package migrate_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"fitkit/infra/migrate"
	"fitkit/shared/postgres/postgrestest"
)

// Red with either attribute left out of the query.
func TestALoginThatPassesRowLevelSecurityByIsRefused(t *testing.T) {
	t.Parallel()
	postgrestest.New(t)
	db, err := sql.Open("pgx", os.Getenv("TEST_DATABASE_ADMIN_URL"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // after the roles are dropped
	for attribute, refused := range map[string]bool{"superuser": true, "bypassrls": true, "nobypassrls": false} {
		login := "confined_test_" + attribute
		if _, err := db.Exec("create role " + login + " " + attribute); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := db.Exec("drop role " + login); err != nil {
				t.Error(err)
			}
		})
		err := migrate.Confined(t.Context(), db, "fitkit_app", login)
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), login) {
			t.Errorf("%s: %v", attribute, err)
		}
	}
}
