package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// mask takes out of a copy of the database whatever tells of a person or lets somebody in, as the owner of the tables and in one
// transaction: a copy is masked whole or not at all. Row-level security is lifted from each table for its update and put back,
// and so are the tables' own triggers, which guard what people may change.
func mask(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := decided(ctx, tx); err != nil {
			return err
		}
		var emptied []string
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			switch t := tables[name]; {
			case t.emptied != "":
				emptied = append(emptied, name)
			case len(t.masked) > 0:
				if _, err := tx.Exec(ctx, update(name, t), pgx.QueryExecModeSimpleProtocol); err != nil {
					return fmt.Errorf("mask %s: %w", name, err)
				}
			}
		}
		_, err := tx.Exec(ctx, "truncate "+strings.Join(emptied, ", "))
		return err
	})
}

// update is the statements for one table. What is null stays null. n counts a studio's rows in the order of their ids.
func update(name string, t table) string {
	var set []string
	for _, column := range slices.Sorted(maps.Keys(t.masked)) {
		set = append(set, fmt.Sprintf("%[1]s = case when x.%[1]s is not null then m.%[1]s end", column))
	}
	var columns []string
	for _, column := range slices.Sorted(maps.Keys(t.masked)) {
		columns = append(columns, t.masked[column]+" as "+column)
	}
	numbered := "select *, row_number() over (partition by org_id order by id) as n from " + name
	if name == "orgs" {
		numbered = "select *, row_number() over (order by id) as n from orgs"
	}
	return fmt.Sprintf(`alter table %[1]s no force row level security; alter table %[1]s disable trigger user;
update %[1]s x set %[2]s from (select id as masked_id, %[3]s from (%[4]s) y) m where x.id = m.masked_id;
alter table %[1]s enable trigger user; alter table %[1]s force row level security`, name, strings.Join(set, ", "), strings.Join(columns, ", "), numbered)
}

const sqlUndecided = `
select coalesce(string_agg(c.relname || '.' || a.attname, ', ' order by c.relname, a.attnum), '')
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.atttypid <> 'uuid'::regtype
  and c.relname <> all ($1::text[]) and c.relname || '.' || a.attname <> all ($2::text[])`

// decided refuses a database with a column that columns.go says nothing of: it may be newer than this program.
func decided(ctx context.Context, tx pgx.Tx) error {
	emptied, named := []string{}, []string{}
	for name, t := range tables {
		if t.emptied != "" {
			emptied = append(emptied, name)
		}
		for _, column := range slices.Concat(slices.Collect(maps.Keys(t.masked)), strings.Fields(t.kept)) {
			named = append(named, name+"."+column)
		}
	}
	var undecided string
	if err := tx.QueryRow(ctx, sqlUndecided, emptied, named).Scan(&undecided); err != nil {
		return err
	}
	if undecided != "" {
		return fmt.Errorf("columns.go does not say whether these are masked or kept: %s", undecided)
	}
	return nil
}
