// Package isolation proves on the database itself that studios cannot see or touch each other. Tables, keys, policies and
// grants are read from PostgreSQL's own catalogue, so a table that is added later is covered without a line here.
package isolation

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	app    = "fitkit_app"
	system = "fitkit_system"
	gate   = "fitkit_gate"
)

// table is a table of schema public.
type table struct {
	Name    string
	RLS     bool
	Forced  bool
	Owner   string
	Columns []column
	Unique  []key
	Foreign []foreignKey
}

type column struct {
	Name    string
	Type    string // as a cast takes it
	Base    string // pg_type.typname
	Kind    string // pg_type.typtype: b base, e enum, r range …
	NotNull bool
	Made    bool // generated or identity: never written
}

// key is a unique index; a partial one too.
type key struct {
	Name    string
	Primary bool
	Columns []string // "" stands for an expression
}

type foreignKey struct {
	Name       string
	Columns    []string
	Table      string
	RefColumns []string
}

// org is the column that names the studio: the studio's own id in orgs; empty where a table has none.
func (t table) org() string {
	if t.Name == "orgs" {
		return "id"
	}
	if slices.ContainsFunc(t.Columns, func(c column) bool { return c.Name == "org_id" }) {
		return "org_id"
	}
	return ""
}

func (t table) quoted() string { return pgx.Identifier{"public", t.Name}.Sanitize() }

const (
	sqlTables = `
select c.oid, c.relname as name, c.relrowsecurity as rls, c.relforcerowsecurity as forced, pg_get_userbyid(c.relowner) as owner
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by c.relname`
	sqlColumns = `
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, t.typname as base, t.typtype::text as kind, a.attnotnull as not_null,
  a.attgenerated <> '' or a.attidentity <> '' as made
from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`
	sqlUnique = `
select i.indexrelid::regclass::text as name, i.indisprimary as primary,
  array(select coalesce(a.attname, '') from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k (n, at)
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.at)::text[] as columns
from pg_index i where i.indrelid = $1 and i.indisunique order by 1`
	sqlForeign = `
select f.conname as name, r.relname as table,
  array(select a.attname from unnest(f.conkey) with ordinality k (n, at) join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.n order by k.at)::text[] as columns,
  array(select a.attname from unnest(f.confkey) with ordinality k (n, at) join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.n order by k.at)::text[] as ref_columns
from pg_constraint f join pg_class r on r.oid = f.confrelid where f.conrelid = $1 and f.contype = 'f' order by 1`
)

// readTables reads the whole catalogue of schema public.
func readTables(t testing.TB, conn *pgx.Conn) []table {
	t.Helper()
	type found struct {
		OID         uint32
		Name        string
		RLS, Forced bool
		Owner       string
	}
	var tables []table
	for _, f := range collect[found](t, conn, sqlTables) {
		tables = append(tables, table{Name: f.Name, RLS: f.RLS, Forced: f.Forced, Owner: f.Owner, Columns: collect[column](t, conn, sqlColumns, f.OID),
			Unique: collect[key](t, conn, sqlUnique, f.OID), Foreign: collect[foreignKey](t, conn, sqlForeign, f.OID)})
	}
	if len(tables) == 0 {
		t.Fatal("the database has no tables")
	}
	return tables
}

func collect[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
