// Package postgrestest gives each test a database of its own, cloned from a migrated template, on the real server
// that make test started.
package postgrestest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/migrate"
	"fitkit/migrations"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

// Variable names the superuser URL of the test server.
const Variable = "TEST_DATABASE_ADMIN_URL"

const password = "fitkit-test-only"

// Database is one test's own database.
type Database struct {
	AppURL, SystemURL, OwnerURL, AdminURL string
	DB                                    *postgres.DB
	System                                *postgres.SystemDB
	admin                                 *pgx.Conn
}

// New clones a database for t. It is dropped when t ends.
func New(t testing.TB) *Database {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Fatalf("%s is not set: run the tests with `make test`, or `make stores` in another terminal and the export line it prints", Variable)
	}
	ctx := context.Background()
	template := prepare(t, server)
	name := "t_" + id.New[id.Event]().String()
	exec(t, server, fmt.Sprintf("create database %q template %q owner %s", name, template, migrate.Owner))
	d := &Database{AppURL: with(t, server, "fitkit_app", password, name), SystemURL: with(t, server, "fitkit_system", password, name),
		OwnerURL: with(t, server, migrate.Owner, password, name), AdminURL: with(t, server, "", "", name)}
	var err error
	if d.DB, err = postgres.Open(postgres.Config{URL: d.AppURL, MaxConns: 8, ExecMode: pgx.QueryExecModeCacheStatement, Application: "test"}); err != nil {
		t.Fatal(err)
	}
	if d.System, err = postgres.OpenSystem(postgres.Config{URL: d.SystemURL, MaxConns: 4, ExecMode: pgx.QueryExecModeExec, Application: "test"}); err != nil {
		t.Fatal(err)
	}
	if d.admin, err = pgx.Connect(ctx, d.AdminURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.DB.Close()
		d.System.Close()
		_ = d.admin.Close(ctx)
		exec(t, server, fmt.Sprintf("drop database %q with (force)", name))
	})
	return d
}

// Exec runs SQL as the superuser, past row-level security, to arrange or break things.
func (d *Database) Exec(t testing.TB, sql string, args ...any) int64 {
	t.Helper()
	tag, err := d.admin.Exec(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// Get reads one value as the superuser.
func Get[T any](t testing.TB, d *Database, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := d.admin.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

var (
	once     sync.Once
	prepared string
	failed   error
)

// prepare migrates a template once per schema and server. Packages are tested by processes side by side, so an
// advisory lock decides who makes it.
func prepare(t testing.TB, server string) string {
	t.Helper()
	once.Do(func() { prepared, failed = makeTemplate(context.Background(), server) })
	if failed != nil {
		t.Fatal(failed)
	}
	return prepared
}

func makeTemplate(ctx context.Context, server string) (string, error) {
	name, err := templateName()
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(706001)"); err != nil {
		return "", err
	}
	var ready bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&ready); err != nil || ready {
		return name, err
	}
	making := name + "_making"
	if _, err := conn.Exec(ctx, fmt.Sprintf("drop database if exists %q with (force)", making)); err != nil {
		return "", err
	}
	if err := migrate.Create(ctx, server, making, password); err != nil {
		return "", err
	}
	ownerURL, err := migrate.WithUser(server, migrate.Owner, password, making)
	if err != nil {
		return "", err
	}
	if err := migrate.Up(ctx, ownerURL, migrate.Logins{App: password, System: password}); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("alter database %q rename to %q", making, name))
	return name, err
}

func templateName() (string, error) {
	sum := sha256.New()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		b, err := fs.ReadFile(migrations.FS, f)
		if err != nil {
			return "", err
		}
		sum.Write(b)
	}
	return "fitkit_template_" + hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

func with(t testing.TB, server, user, pass, database string) string {
	u, err := migrate.WithUser(server, user, pass, database)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func exec(t testing.TB, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
