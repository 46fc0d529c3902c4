package isolation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
)

// world is a database in which two studios have a row in each of their tables, made from the catalogue alone.
type world struct {
	*postgrestest.Database
	admin  *pgx.Conn
	tables []table // of studios, each after those that it refers to
	a, b   studio
	made   int // values so far; no two are alike
}

// studio is its id and its row by table.
type studio struct {
	id   string
	rows map[string]row
}

// row is values as text, by column.
type row map[string]string

// newWorld takes the business rules (checks, triggers) of its own database away: they say what a studio's rows may hold,
// and what keeps studios apart must stand without them.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Database: postgrestest.New(t)}
	w.admin = connect(t, w.AdminURL)
	for _, tb := range readTables(t, w.admin) {
		if tb.org() != "" {
			w.tables = append(w.tables, tb)
		}
	}
	w.tables = inOrder(t, w.tables)
	for _, drop := range collect[struct{ SQL string }](t, w.admin, `
select format('alter table %s drop constraint %I', conrelid::regclass, conname) as sql from pg_constraint
where contype = 'c' and connamespace = 'public'::regnamespace
union all select format('alter table %s disable trigger user', oid::regclass) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`) {
		run(t, w.admin, drop.SQL)
	}
	for _, s := range []*studio{&w.a, &w.b} {
		*s = studio{id: id.New[id.Org]().String(), rows: map[string]row{}}
		for _, tb := range w.tables {
			s.rows[tb.Name] = w.row(t, tb, *s)
			if err := insert(context.Background(), w.admin, tb, s.rows[tb.Name], ""); err != nil {
				t.Fatalf("the fixture cannot fill %s: %v", tb.Name, err)
			}
		}
	}
	return w
}

// inOrder puts each table after those that it refers to.
func inOrder(t testing.TB, tables []table) []table {
	t.Helper()
	var out []table
	done := map[string]bool{}
	ready := func(tb table) bool {
		return !slices.ContainsFunc(tb.Foreign, func(f foreignKey) bool { return f.Table != tb.Name && !done[f.Table] })
	}
	for len(tables) > 0 {
		i := slices.IndexFunc(tables, ready)
		if i < 0 {
			t.Fatalf("these tables refer to each other in a circle: %v", tables)
		}
		done[tables[i].Name] = true
		out = append(out, tables[i])
		tables = slices.Delete(tables, i, i+1)
	}
	return out
}

// row makes new values for all columns; references are to s's own rows, and none to the row's own table.
func (w *world) row(t testing.TB, tb table, s studio) row {
	t.Helper()
	r := row{}
	for _, c := range tb.Columns {
		if !c.Made {
			r[c.Name] = w.value(t, tb, c)
		}
	}
	for _, f := range tb.Foreign {
		for i, c := range f.Columns {
			if f.Table == tb.Name && c != tb.org() {
				delete(r, c)
			} else if f.Table != tb.Name {
				r[c] = s.rows[f.Table][f.RefColumns[i]]
			}
		}
	}
	r[tb.org()] = s.id
	return r
}

// lonely is a row with as few references as its table allows, so that no rule about its own studio's rows is in the way.
func (w *world) lonely(t testing.TB, tb table, s studio) row {
	t.Helper()
	r := w.row(t, tb, s)
	for _, c := range tb.Columns {
		refers := slices.ContainsFunc(tb.Foreign, func(f foreignKey) bool { return slices.Contains(f.Columns, c.Name) })
		if refers && !c.NotNull && c.Name != tb.org() {
			delete(r, c.Name)
		}
	}
	return r
}

// value is a text that PostgreSQL reads as a value of c's type.
func (w *world) value(t testing.TB, tb table, c column) string {
	t.Helper()
	w.made++
	n := w.made
	switch {
	case c.Kind == "r":
		return fmt.Sprintf("[%s,%s)", day(n), day(n+1))
	case strings.HasSuffix(c.Type, "[]"):
		return "{}"
	}
	switch c.Base {
	case "uuid":
		return id.New[id.Event]().String()
	case "text", "varchar", "citext":
		return fmt.Sprintf("text %d", n)
	case "int2", "int4", "int8", "numeric", "float4", "float8":
		return fmt.Sprint(n)
	case "bool":
		return "false"
	case "bytea":
		return fmt.Sprintf(`\x%08x`, n)
	case "jsonb", "json":
		return fmt.Sprintf(`{"n": %d}`, n)
	case "timestamptz", "date":
		return day(n)
	case "time":
		return "09:00"
	case "inet":
		return "192.0.2.1"
	case "vector":
		dimensions := 3
		_, _ = fmt.Sscanf(c.Type, "vector(%d)", &dimensions)
		return "[" + strings.TrimSuffix(strings.Repeat("1,", dimensions), ",") + "]"
	}
	t.Fatalf("%s.%s is of type %s, which the fixture has no value for: add one", tb.Name, c.Name, c.Type)
	return ""
}

func day(n int) string { return fmt.Sprintf("2%03d-01-01", n%999) }

// insert writes r; more is put behind the values ("on conflict do nothing").
func insert(ctx context.Context, conn *pgx.Conn, tb table, r row, more string) error {
	names := slices.Sorted(maps.Keys(r))
	values, quoted := make([]any, len(names)), make([]string, len(names))
	casts := make([]string, len(names))
	for i, name := range names {
		at := slices.IndexFunc(tb.Columns, func(c column) bool { return c.Name == name })
		values[i], quoted[i] = r[name], pgx.Identifier{name}.Sanitize()
		casts[i] = fmt.Sprintf("$%d::text::%s", i+1, tb.Columns[at].Type)
	}
	_, err := conn.Exec(ctx, fmt.Sprintf("insert into %s (%s) values (%s) %s", tb.quoted(), strings.Join(quoted, ", "), strings.Join(casts, ", "), more), values...)
	return err
}

func TestTheFixtureFillsEveryTableOfBothStudios(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tb := range w.tables {
		for name, s := range map[string]studio{"the first": w.a, "the second": w.b} {
			sql := fmt.Sprintf("select count(*)::int from %s where %s = $1", tb.quoted(), tb.org())
			if n := postgrestest.Get[int](t, w.Database, sql, s.id); n != 1 {
				t.Errorf("%s has %d rows of %s studio, want 1", tb.Name, n, name)
			}
		}
	}
}
