package backupverify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Database is production or a copy of it, as the functions' two logins see it: whatever they may not read is not needed to
// work, and nothing here needs a stronger role.
type Database struct {
	App    *postgres.DB
	System *postgres.SystemDB
}

// facts is what a database holds up to an instant.
type facts struct {
	Schema     int64
	Newest     time.Time
	Tables     map[string]bool  // whether rows up to an instant can be told apart: never deleted, and stamped when made
	Rows       map[string]int64 // of such tables up to the instant, of others all
	Money      map[string]backup.Sum
	Unbalanced int64 // ledger entries
	Orgs       []id.Org
	Open       []string // tables without forced row-level security or without a policy
	Policies   string   // a digest of all
	Wrong      []string // roles that are missing or too strong
	Extensions []string
}

// settledFor and a restore window together are less than the 90 days for which jobs are kept (docs/decisions/033).
const settledFor = "interval '30 days'"

const (
	sqlNewest = `select coalesce(max(started_at), 'epoch') from cron_runs where started_at <= $1`
	// Test studios have clocks of their own, and what they hold is nobody's money.
	sqlOrgs = `select id from orgs where status <> 'deleted' and not test_mode and created_at <= $1 order by id`
	// Of jobs, the schedule removes what is long over; what was made within settledFor of the instant is there in both.
	sqlStable = `
select c.relname, not has_table_privilege('fitkit_app', c.oid, 'delete') and (c.relname = 'jobs' or not has_table_privilege('fitkit_system', c.oid, 'delete')) and exists (select from pg_attribute a
    where a.attrelid = c.oid and a.attname = 'created_at' and a.atttypid = 'timestamptz'::regtype and not a.attisdropped)
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege('fitkit_app', c.oid, 'select')
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped)`
	sqlOpen = `
select c.relname::text from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and (c.relname = 'orgs' or exists (select from pg_attribute a
    where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped))
  and not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'org_isolation'))
order by 1`
	sqlPolicies = `select coalesce(md5(string_agg(concat_ws('|', tablename, policyname, permissive, roles::text, cmd, qual, with_check), chr(10)
  order by tablename, policyname)), '') from pg_policies where schemaname = 'public'`
	sqlWrongRoles = `
select want from unnest(array['fitkit_app', 'fitkit_system', 'fitkit_gate']) want
where not exists (select from pg_roles where rolname = want and not rolsuper and not rolbypassrls and rolcanlogin = (want <> 'fitkit_gate')) order by 1`
	sqlExtensions = `select extname::text from pg_extension order by 1`
	sqlMoney      = `
select 'payments', count(*), coalesce(md5(string_agg(concat_ws(':', id, member_id, method, amount, received_at at time zone 'UTC', provider_txn), ',' order by id)), '')
  from payments where org_id = app.org() and created_at <= $1
union all select 'allocations', count(*), coalesce(md5(string_agg(concat_ws(':', a.payment_id, a.charge_id, a.amount), ',' order by a.payment_id, a.charge_id)), '')
  from allocations a join payments p on p.org_id = a.org_id and p.id = a.payment_id where a.org_id = app.org() and p.created_at <= $1
union all select 'ledger_lines', count(*), coalesce(md5(string_agg(concat_ws(':', l.entry_id, l.account, l.amount), ',' order by l.entry_id, l.account)), '')
  from ledger_lines l join ledger_entries e on e.org_id = l.org_id and e.id = l.entry_id where l.org_id = app.org() and e.created_at <= $1`
	sqlUnbalanced = `select count(*) from (select from ledger_lines where org_id = app.org() group by entry_id having sum(amount) <> 0) wrong`
)

// read gathers the facts of d: rows up to cutoff, the newest sign of life up to until. Organisations that are not among those
// given are left out; nil: none is.
func (d Database) read(ctx context.Context, cutoff, until time.Time, among []id.Org) (f facts, err error) {
	f.Tables, f.Rows, f.Money = map[string]bool{}, map[string]int64{}, map[string]backup.Sum{}
	if err := d.System.Across(ctx, func(tx postgres.Tx) error { return f.catalogue(ctx, tx, cutoff, until) }); err != nil {
		return f, err
	}
	if among != nil {
		f.Orgs = slices.DeleteFunc(f.Orgs, func(org id.Org) bool { return !slices.Contains(among, org) })
	}
	for _, org := range f.Orgs {
		err := d.App.InOrg(ctx, tenancy.ForOrg(org, "cron:platform-verify-backup"), func(tx postgres.Tx) error {
			return f.addOrg(ctx, tx, org, cutoff)
		})
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *facts) catalogue(ctx context.Context, tx postgres.Tx, cutoff, until time.Time) (err error) {
	if f.Schema, err = backup.SchemaVersion(ctx, tx); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqlNewest, until).Scan(&f.Newest); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqlPolicies).Scan(&f.Policies); err != nil {
		return err
	}
	for sql, into := range map[string]*[]string{sqlOpen: &f.Open, sqlWrongRoles: &f.Wrong, sqlExtensions: &f.Extensions} {
		if *into, err = list[string](ctx, tx, sql); err != nil {
			return err
		}
	}
	if f.Orgs, err = list[id.Org](ctx, tx, sqlOrgs, cutoff); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, sqlStable)
	if err != nil {
		return err
	}
	var name string
	var stable bool
	_, err = pgx.ForEachRow(rows, []any{&name, &stable}, func() error { f.Tables[name] = stable; return nil })
	return err
}

func list[T any](ctx context.Context, tx postgres.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

// addOrg counts an organisation's rows and digests its money.
func (f *facts) addOrg(ctx context.Context, tx postgres.Tx, org id.Org, cutoff time.Time) error {
	rows, err := tx.Query(ctx, countStatement(f.Tables), cutoff)
	if err != nil {
		return err
	}
	var name string
	var n int64
	if _, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { f.Rows[name] += n; return nil }); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, sqlMoney, cutoff); err != nil {
		return err
	}
	var digest string
	_, err = pgx.ForEachRow(rows, []any{&name, &n, &digest}, func() error {
		sum := f.Money[name]
		f.Money[name] = backup.Sum{Rows: sum.Rows + n, Digest: chain(sum.Digest, org.String(), digest)}
		return nil
	})
	if err != nil {
		return err
	}
	err = tx.QueryRow(ctx, sqlUnbalanced).Scan(&n)
	f.Unbalanced += n
	return err
}

func countStatement(tables map[string]bool) string {
	var parts []string
	for name, stable := range tables {
		// The instant is compared in every part, so that the statement has its parameter whatever the tables are.
		when := "$1::timestamptz is not null"
		if stable {
			when = "created_at <= $1::timestamptz"
		}
		if stable && name == "jobs" {
			when += " and created_at > $1::timestamptz - " + settledFor
		}
		parts = append(parts, fmt.Sprintf("select '%s', count(*) from %s where org_id = app.org() and %s", name, pgx.Identifier{"public", name}.Sanitize(), when))
	}
	return strings.Join(parts, " union all ")
}
