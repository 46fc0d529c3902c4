package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Table is a table of organisations, as PostgreSQL's catalogue has it: one that a migration adds is exported and restored
// without a line here. What is passing is left out, and so are unlogged tables, which hold what may be lost.
type Table struct {
	Name     string
	Readable bool // for the role that asks
	Columns  []string
	Types    []string // of the columns, as a cast takes them
	Refers   []string // other tables that its foreign keys point to
}

// passing are tables of what is over within hours or must not come back: open connections and tickets to them, and the answers
// kept for repeated requests, which hold addresses of files and of payment pages.
const passing = `'connections', 'socket_tickets', 'idempotency_keys'`

const (
	sqlTables = `
select c.relname, has_table_privilege(c.oid, 'select'),
  array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum),
  array(select format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum),
  array(select distinct r.relname::text from pg_constraint f join pg_class r on r.oid = f.confrelid where f.conrelid = c.oid and f.contype = 'f' and r.oid <> c.oid)
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
  and c.relname not in (` + passing + `)
  and (c.relname = 'orgs' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped))
order by c.relname`
	sqlSchemaVersion = `select coalesce(max(version_id), 0) from goose_db_version where is_applied`
)

// Querier is a transaction, of a function or of a tool.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Tables lists the tables of organisations, each after those that it refers to.
func Tables(ctx context.Context, q Querier) ([]Table, error) {
	rows, err := q.Query(ctx, sqlTables)
	if err != nil {
		return nil, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Table])
	if err != nil {
		return nil, err
	}
	return inOrder(tables)
}

// SchemaVersion is the last migration that ran.
func SchemaVersion(ctx context.Context, q Querier) (version int64, err error) {
	return version, q.QueryRow(ctx, sqlSchemaVersion).Scan(&version)
}

// inOrder sorts tables by their foreign keys. References to tables of no organisation are met by the migrations.
func inOrder(tables []Table) (sorted []Table, err error) {
	waits := func(t Table) bool {
		return slices.ContainsFunc(t.Refers, func(to string) bool {
			return slices.ContainsFunc(tables, func(other Table) bool { return other.Name == to })
		})
	}
	for len(tables) > 0 {
		i := slices.IndexFunc(tables, func(t Table) bool { return !waits(t) })
		if i < 0 {
			names := make([]string, len(tables))
			for i, t := range tables {
				names[i] = t.Name
			}
			return nil, fmt.Errorf("these tables refer to each other in a circle, so no order restores them: %s", strings.Join(names, ", "))
		}
		sorted = append(sorted, tables[i])
		tables = slices.Delete(tables, i, i+1)
	}
	return sorted, nil
}

// OrgColumn is the column that says whose a row is.
func (t Table) OrgColumn() string {
	if t.Name == "orgs" {
		return "id"
	}
	return "org_id"
}

// Quoted is the table as a statement names it.
func (t Table) Quoted() string { return pgx.Identifier{"public", t.Name}.Sanitize() }

// AsText lists the columns as text.
func (t Table) AsText() string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		name := pgx.Identifier{c}.Sanitize()
		list[i] = name + "::text as " + name
	}
	return strings.Join(list, ", ")
}
