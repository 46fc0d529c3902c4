package migrate_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"fitkit/infra/migrate"
	"fitkit/migrations"
	"fitkit/shared/postgres/postgrestest"
)

// Red without the look for an older migration that is missing, and with the table of versions made by the look.
func TestWhatWouldRefuseTheMigrationsIsSaidBeforeThem(t *testing.T) {
	t.Parallel()
	sound, bare, another := postgrestest.New(t), postgrestest.New(t), postgrestest.New(t)
	bare.Exec(t, "drop table goose_db_version")
	another.Exec(t, "delete from goose_db_version where version_id = 2")
	for name, tc := range map[string]struct{ owner, want string }{
		"a database with this schema":      {sound.OwnerURL, ""},
		"a database without migrations":    {bare.OwnerURL, ""},
		"a migration was left out":         {another.OwnerURL, "not this checkout's"},
		"an owner who is not let in":       {sound.OwnerURL + "&user=migrate_test_nobody", "migrate_test_nobody"},
		"an address that cannot be read":   {"postgres://x:y@:z", "cannot be read"},
		"a database that nobody can reach": {"postgres://x:y@127.0.0.1:1/x", "ask the database of DIRECT_DATABASE_URL"},
	} {
		err := migrate.Check(t.Context(), tc.owner)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if postgrestest.Get[bool](t, bare, "select to_regclass('goose_db_version') is not null") {
		t.Error("the look made a table")
	}
}

// Red with the error given as it came.
func TestAMigrationThatFailsNamesThoseThatStay(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	files := fstest.MapFS{
		"99998_good.sql": {Data: []byte("-- +goose Up\ncreate table stays (a int);\n")},
		"99999_bad.sql":  {Data: []byte("-- +goose Up\ncreate table goes (a int);\nselect 1/0;\n")},
	}
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
	err = migrate.Apply(t.Context(), files, db.OwnerURL, migrate.Logins{})
	if err == nil || !strings.Contains(err.Error(), "division by zero") || !strings.Contains(err.Error(), "staying: 99998_good.sql)") {
		t.Error(err)
	}
	if got := postgrestest.Get[string](t, db, "select concat(to_regclass('stays'), ' ', to_regclass('goes'))"); got != "stays " {
		t.Errorf("what stays is %q", got)
	}
}
