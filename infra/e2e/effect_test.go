package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// tableRows are a table's by primary key: each a value by column.
type tableRows map[string]map[string]any

const sqlKeys = `
select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
where i.indrelid = $1::regclass and i.indisprimary order by 1`

// everything is all rows of a studio by table. Keys and counts of requests are no effect of them.
func (s *studio) everything(t testing.TB, conn *pgx.Conn) map[string]tableRows {
	t.Helper()
	out := map[string]tableRows{}
	for _, table := range append(tablesWith(t, conn, "org_id"), "orgs") {
		if slices.Contains(keptOfRequests, table) {
			continue
		}
		column, keys := "org_id", read[string](t, conn, sqlKeys, table)
		if table == "orgs" {
			column = "id"
		}
		out[table] = tableRows{}
		for i, raw := range read[string](t, conn, fmt.Sprintf("select to_jsonb(x)::text from %s x where %s = $1", table, column), s.Org) {
			row, key := map[string]any{}, []string{}
			if err := json.Unmarshal([]byte(raw), &row); err != nil {
				t.Fatal(err)
			}
			delete(row, "access_next_at") // when the schedule looks again; it follows from the debts, and what was due already stays
			for _, name := range keys {
				key = append(key, fmt.Sprint(row[name]))
			}
			if len(keys) == 0 {
				key = append(key, fmt.Sprint(i))
			}
			out[table][strings.Join(key, " ")] = row
		}
	}
	return out
}

// effect counts, by table, the rows that are added and gone, and those that are changed by what they are changed in: a
// number by how much, anything else by that alone, since two requests write different texts, and now and then the same.
func effect(before, after map[string]tableRows) map[string]int {
	out := map[string]int{}
	for table, were := range before {
		for key, was := range were {
			if is, still := after[table][key]; !still {
				out[table+" gone"]++
			} else if what := difference(was, is); what != "" {
				out[table+" "+what]++
			}
		}
		for key := range after[table] {
			if _, old := were[key]; !old {
				out[table+" added"]++
			}
		}
	}
	return out
}

func difference(was, is map[string]any) string {
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(was)) {
		old, isNumber := was[name].(float64)
		now, stillNumber := is[name].(float64)
		switch {
		case isNumber && stillNumber && old != now:
			changed = append(changed, fmt.Sprintf("%s%+g", name, now-old))
		case !isNumber && fmt.Sprint(was[name]) != fmt.Sprint(is[name]) && !slices.Contains(changed, "texts"):
			changed = append(changed, "texts")
		}
	}
	slices.Sort(changed)
	return strings.Join(changed, ",")
}
