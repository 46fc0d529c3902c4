package postgrestest

import (
	"fmt"
	"strings"
	"testing"
)

// Faults makes statements of a database fail on purpose, and notes what was committed in spite of it.
type Faults struct {
	d      *Database
	tables []string
}

// PlantFaults puts triggers on every table. One counts the statements that change data, in a sequence, because a rollback does
// not take its numbers back, and raises at the one that At names; the other notes each row that is changed, in the same transaction.
func (d *Database) PlantFaults(t testing.TB) *Faults {
	t.Helper()
	f := &Faults{d: d, tables: Get[[]string](t, d, `select array_agg(relname::text order by relname) from pg_class
		where relnamespace = 'public'::regnamespace and relkind = 'r'`)}
	d.Exec(t, `create sequence fault_count`)
	d.Exec(t, `create table fault_at (k bigint not null)`)
	d.Exec(t, `insert into fault_at values (0)`)
	d.Exec(t, `create table fault_changes (change text not null)`)
	d.Exec(t, `create function fail_at() returns trigger language plpgsql security definer set search_path = public as $$
		declare at bigint := (select k from fault_at);
		begin
			if at > 0 and nextval('fault_count') = at then raise exception 'planted fault' using errcode = 'XX000'; end if;
			return null;
		end $$`)
	d.Exec(t, `create function note_change() returns trigger language plpgsql security definer set search_path = public as $$
		declare change text := tg_table_name || ' ' || lower(tg_op);
		begin
			if tg_table_name = 'jobs' and tg_op <> 'DELETE' then
				if tg_op = 'UPDATE' and (to_jsonb(new)->>'state') in ('done', to_jsonb(old)->>'state') then return null; end if;
				change := change || ' ' || (to_jsonb(new)->>'state');
			end if;
			insert into fault_changes values (change);
			return null;
		end $$`)
	var triggers strings.Builder
	for _, table := range f.tables {
		fmt.Fprintf(&triggers, "create trigger planted before insert or update or delete on %q for each statement execute function fail_at();\n", table)
		if !bookkeeping[table] {
			fmt.Fprintf(&triggers, "create trigger noted after insert or update or delete on %q for each row execute function note_change();\n", table)
		}
	}
	d.Exec(t, triggers.String())
	return f
}

// bookkeeping is of requests and runs, not of what they are for. A job's row counts when it is made, and when it dies or is revived.
var bookkeeping = map[string]bool{"idempotency_keys": true, "cron_runs": true, "request_windows": true}

// At has the k-th statement fail that changes data from now on. 0 lets all pass, uncounted.
func (f *Faults) At(t testing.TB, k int) {
	t.Helper()
	f.d.Exec(t, "update fault_at set k = $1 where setval('fault_count', 1, false) = 1", k)
}

// Passed is how many statements were counted since At, the one that failed among them.
func (f *Faults) Passed(t testing.TB) int {
	t.Helper()
	return Get[int](t, f.d, "select case when is_called then last_value else 0 end from fault_count")
}

// Forget begins a new account of changes.
func (f *Faults) Forget(t testing.TB) {
	t.Helper()
	f.d.Exec(t, "delete from fault_changes")
}

// Changes is what was committed since Forget: how many rows of which tables were made, changed and taken away.
func (f *Faults) Changes(t testing.TB) string {
	t.Helper()
	return Get[string](t, f.d, `select coalesce(string_agg(change || ' ×' || n, ', ' order by change), '')
		from (select change, count(*) as n from fault_changes group by change) c`)
}

// Checksum is of every row of every table.
func (f *Faults) Checksum(t testing.TB) string {
	t.Helper()
	var sums []string
	for _, table := range f.tables {
		sums = append(sums, fmt.Sprintf("(select md5(coalesce(string_agg(x::text, '|' order by x::text), '')) from %q x)", table))
	}
	return Get[string](t, f.d, "select concat_ws(' ', "+strings.Join(sums, ", ")+")")
}
