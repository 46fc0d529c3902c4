package migrate_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/migrate"
	"fitkit/migrations"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
)

// neededBy is how a migration names the packages whose code came with it and waits for it.
var neededBy = regexp.MustCompile(`(?m)^-- needed by: (.+)$`)

// TestTheCodeRunsBeforeItsLastMigration is the part of T18 that needs no history: the schema grows one migration at a time, and
// before the last of them every statement of today's code can be prepared, except those of packages that the migration says
// need it. make deploy-compat does it with a former release, its processes and its messages. It was seen red with a column
// of the last migration in a statement of another package.
func TestTheCodeRunsBeforeItsLastMigration(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	admin, owner := emptyDatabase(t)
	grown := fstest.MapFS{}
	var waiting []string // packages that the last migration is for
	for i, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if i == len(names)-1 {
			for _, m := range neededBy.FindAllStringSubmatch(string(text), -1) {
				waiting = append(waiting, strings.Split(m[1], ", ")...)
			}
			prepareAll(t, admin, waiting)
		}
		grown[name] = &fstest.MapFile{Data: text}
		if err := migrate.Apply(ctx, grown, owner, migrate.Logins{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	prepareAll(t, admin, nil)
}

// prepareAll prepares every package's statements, but for those of packages that wait.
func prepareAll(t *testing.T, url string, waiting []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var folders int
	err = filepath.WalkDir(filepath.Join("..", "..", "shared"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "statements_test.go" {
			return err
		}
		folders++
		folder := filepath.Dir(path)
		statements, err := postgrestest.Statements(folder)
		if err != nil {
			return err
		}
		if slices.Contains(waiting, filepath.ToSlash(strings.TrimPrefix(folder, "../../"))) {
			return nil
		}
		for name, sql := range statements {
			if _, err := conn.Prepare(t.Context(), folder+name, sql); err != nil {
				t.Errorf("%s of %s: %v\nCode runs before its last migration too: let the statement do without it, or say '-- needed by: <package>' in a migration whose package is new.", name, folder, err)
			}
		}
		return nil
	})
	if err != nil || folders < 5 {
		t.Fatalf("%d packages have statements: %v", folders, err)
	}
}

// emptyDatabase is one without a schema, as its superuser and as its owner reach it.
func emptyDatabase(t *testing.T) (admin, owner string) {
	t.Helper()
	server := os.Getenv(postgrestest.Variable)
	if server == "" {
		t.Fatalf("%s is not set: run the tests with `make test`", postgrestest.Variable)
	}
	const password = "fitkit-test-only"
	name := "t_" + id.New[id.Event]().String()
	if err := migrate.Create(t.Context(), server, name, password); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), server)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), fmt.Sprintf("drop database %q with (force)", name)); err != nil {
			t.Error(err)
		}
	})
	admin, err := migrate.WithUser(server, "", "", name)
	if err != nil {
		t.Fatal(err)
	}
	owner, err = migrate.WithUser(server, migrate.Owner, password, name)
	if err != nil {
		t.Fatal(err)
	}
	return admin, owner
}
