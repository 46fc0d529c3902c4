package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/postgres/postgrestest"
)

// withoutRLS are the tables that may stand open, each for its reason. Functions only read them.
var withoutRLS = map[string]string{
	"goose_db_version": "which migrations ran; functions read it, the owner of the schema writes it",
	"rest_days":        "the calendar, the same for all studios",
	"result_codes":     "the card switch's codes, the same for all studios",
	"vat_rates":        "law, the same for all studios",
}

// withoutOrg are protected tables that belong to no studio: the app role sees nothing of them.
var withoutOrg = map[string]string{
	"backup_reports":      "a proof is of the whole database; for the system role alone",
	"clerk_deleted_users": "Clerk's users, who are above studios; for the system role alone",
	"key_rotations":       "a rotation re-encrypts all studios; for the system role alone",
	"platform_admins":     "FitKit's own people, who are above studios; the system role knows them, the schema's owner writes them",
	"cron_runs":           "a schedule runs once for all studios; for the system role alone",
}

// keyedOtherwise are studio tables whose primary key does not begin with org_id.
var keyedOtherwise = map[string]string{
	"inbox": "an event is stored before anyone knows whose it is",
	"jobs":  "the id is the message's id, and work of no studio has no org_id",
	"orgs":  "its id is the org_id of all others",
}

// uniqueAcross are unique indexes that hold over all studios, so that their violation tells of another studio's row.
var uniqueAcross = map[string]string{
	"connections_id_once":             "API Gateway makes the id; no caller chooses one",
	"socket_tickets_hash_once":        "the hash finds the studio; the ticket is random and cannot be guessed",
	"gateways_hook_token_once":        "the token finds the studio; it is random and cannot be guessed",
	"gateways_former_hook_token_once": "as the one before it was",
	"inbox_event_once":                "a delivery is stored once, whoever it is for; the key is the provider's and random",
	"inbox_pkey":                      "random ids, never taken from a caller",
	"jobs_pkey":                       "random ids, never taken from a caller",
	"orgs_clerk_org_once":             "the app role cannot insert studios",
	"orgs_pkey":                       "the app role cannot insert studios",
}

// structureFaults are sentences about tables that do not keep studios apart.
func structureFaults(tables []table) []string {
	var faults []string
	blame := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	byName := map[string]table{}
	for _, t := range tables {
		byName[t.Name] = t
	}
	for _, t := range tables {
		if !t.RLS || !t.Forced {
			if withoutRLS[t.Name] == "" {
				blame("%s has no forced row-level security: call app.protect for it in its migration", t.Name)
			}
			continue
		}
		if t.org() == "" && withoutOrg[t.Name] == "" {
			blame("%s has no org_id", t.Name)
		}
		if t.org() != "" {
			keyFaults(t, blame)
			foreignFaults(t, byName, blame)
		}
	}
	return faults
}

func keyFaults(t table, blame func(string, ...any)) {
	for _, k := range t.Unique {
		if k.Primary && k.Columns[0] != t.org() || k.Primary && t.Name == "orgs" {
			if keyedOtherwise[t.Name] == "" {
				blame("the primary key of %s does not begin with org_id", t.Name)
			}
		}
		if (t.Name == "orgs" || !slices.Contains(k.Columns, t.org())) && uniqueAcross[k.Name] == "" {
			blame("%s is unique over all studios: its violation tells one of another's row", k.Name)
		}
	}
}

// foreignFaults: a reference between studios' tables carries org_id on both sides, or a row could hang on another studio's.
func foreignFaults(t table, byName map[string]table, blame func(string, ...any)) {
	for _, f := range t.Foreign {
		to := byName[f.Table]
		at := slices.Index(f.Columns, t.org())
		if to.org() != "" && (at < 0 || f.RefColumns[at] != to.org()) {
			blame("%s of %s refers to %s without org_id", f.Name, t.Name, f.Table)
		}
	}
}

func TestEveryTableKeepsStudiosApart(t *testing.T) {
	t.Parallel()
	tables := readTables(t, connect(t, postgrestest.New(t).AdminURL))
	for _, fault := range structureFaults(tables) {
		t.Error(fault)
	}
	names := map[string]bool{}
	for _, table := range tables {
		names[table.Name] = true
	}
	for _, list := range []map[string]string{withoutRLS, withoutOrg, keyedOtherwise} {
		for name := range list {
			if !names[name] {
				t.Errorf("an exception names %s, and there is no such table", name)
			}
		}
	}
}

const (
	sqlOpenViews = `
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
  and not coalesce(c.reloptions @> '{security_invoker=true}', false) and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`
	sqlLooseDefiners = `
select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') and (
  not exists (select from unnest(p.proconfig) s where s = 'search_path=pg_catalog, pg_temp') or pg_get_userbyid(p.proowner) <> 'fitkit_gate'
  or p.proacl is null or exists (select from aclexplode(p.proacl) where grantee = 0))`
	// A setting that outlives its transaction would be the next request's, on whose connection it stays.
	sqlLastingSettings = `
select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'app') and (
  regexp_count(p.prosrc, 'set_config\(', 1, 'i') <> regexp_count(p.prosrc, 'set_config\(''app\.[a-z_]+'', [^,;]+, true\)')
  or p.prosrc ~* '\mset\s+(session\s+)?app\.')`
	sqlPowers = `
select rolname || ' has a right that takes row-level security away' from pg_roles
where rolname in ('fitkit_app', 'fitkit_system', 'fitkit_gate') and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
union all select rolname || ' owns ' || c.oid::regclass from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname in ('fitkit_app', 'fitkit_system', 'fitkit_gate')
union all select r.rolname || ' may become ' || g.rolname from pg_roles r, pg_roles g
where r.rolname in ('fitkit_app', 'fitkit_system') and g.oid <> r.oid and pg_has_role(r.oid, g.oid, 'member')
union all select 'fitkit_gate can log in' from pg_roles where rolname = 'fitkit_gate' and rolcanlogin
union all select r.rolname || ' may create in schema ' || n.nspname from pg_roles r, pg_namespace n
where r.rolname in ('fitkit_app', 'fitkit_system', 'fitkit_gate') and n.nspname in ('public', 'app') and has_schema_privilege(r.oid, n.oid, 'create')
union all select r.rolname || ' may use sequence ' || c.oid::regclass from pg_roles r, pg_class c
where r.rolname in ('fitkit_app', 'fitkit_system') and c.relkind = 'S' and has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
union all select r.rolname || ' may write ' || c.oid::regclass from pg_roles r, pg_class c
where r.rolname in ('fitkit_app', 'fitkit_system') and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and not c.relrowsecurity
  and has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate')`
	sqlForeignPolicies = `
select p.tablename || ': policy ' || p.policyname || ' lets fitkit_app past the studio' from pg_policies p
where p.roles && '{fitkit_app, public}' and p.permissive = 'PERMISSIVE' and p.schemaname = 'public'
  and not (p.qual = case p.tablename when 'orgs' then '(id = app.org())' else '(org_id = app.org())' end and p.with_check = p.qual)`
)

// catalogueFaults are sentences about views, functions, roles and policies that open a way around the tables' protection.
func catalogueFaults(t testing.TB, conn *pgx.Conn) []string {
	var faults []string
	for sentence, sql := range map[string]string{
		"view %s reads as its owner: give it security_invoker":                                            sqlOpenViews,
		"%s is SECURITY DEFINER and lacks the fixed search_path, the owner fitkit_gate or its own grants": sqlLooseDefiners,
		"%s sets something for longer than the transaction: give set_config its third argument, true":     sqlLastingSettings,
		"%s": sqlPowers + " union all " + sqlForeignPolicies,
	} {
		rows, err := conn.Query(context.Background(), sql)
		if err != nil {
			t.Fatal(err)
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			faults = append(faults, fmt.Sprintf(sentence, name))
		}
	}
	return faults
}

func TestNothingLeadsAroundTheTablesProtection(t *testing.T) {
	t.Parallel()
	for _, fault := range catalogueFaults(t, connect(t, postgrestest.New(t).AdminURL)) {
		t.Error(fault)
	}
}

// TestPlantedFaultsInTheSchemaAreFound breaks a database, and takes it back, in each way that the two tests above look for.
func TestPlantedFaultsInTheSchemaAreFound(t *testing.T) {
	t.Parallel()
	conn := connect(t, postgrestest.New(t).AdminURL)
	for name, tc := range map[string]struct{ sql, says string }{
		"row-level security is not forced":              {"alter table members no force row level security", "members has no forced"},
		"row-level security is off":                     {"alter table charges disable row level security", "charges has no forced"},
		"a table without protection comes along":        {"create table notes (id uuid primary key, body text)", "notes has no forced"},
		"a protected table has no studio":               {"create table notes (id uuid primary key); alter table notes enable row level security, force row level security", "notes has no org_id"},
		"a reference leaves the studio out":             {"alter table members add unique (id); alter table staff add member_id uuid references members (id)", "without org_id"},
		"a unique index holds over all studios":         {"create unique index members_email_once on members (email)", "members_email_once is unique over all"},
		"a key does not begin with the studio":          {"create table notes (org_id uuid, id uuid primary key); call app.protect('notes', 'select')", "primary key of notes"},
		"a second policy is wider":                      {"create policy wide on members for select to fitkit_app using (true)", "members: policy wide"},
		"a policy for everybody is wider":               {"create policy wide on members for select using (status = 'active')", "members: policy wide"},
		"a view reads as its owner":                     {"create view everybody as select * from members", "view everybody"},
		"a definer's search path is the caller's":       {"alter function app.enter_org reset all", "enter_org"},
		"everybody may call a definer":                  {"grant execute on function app.enter_org to public", "enter_org"},
		"a person's studio outlives the transaction":    {"do $$ begin execute replace(pg_get_functiondef('app.enter'::regproc), 'role, true)', 'role, false)'); end $$", "app.enter(text"},
		"a job's studio outlives the transaction":       {"do $$ begin execute replace(pg_get_functiondef('app.enter_org'::regproc), 'o.id::text, true)', 'o.id::text, false)'); end $$", "app.enter_org(uuid"},
		"a function sets the session's studio":          {"create function app.stay() returns void language plpgsql as 'begin set app.org_id = ''x''; end'", "app.stay() sets"},
		"the app role owns a table":                     {"alter table members owner to fitkit_app", "owns members"},
		"the app role may make tables":                  {"grant create on schema public to fitkit_app", "create in schema public"},
		"the app role may write what all studios share": {"grant update on vat_rates to fitkit_app", "may write vat_rates"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, conn, "begin")
			defer run(t, conn, "rollback")
			run(t, conn, tc.sql)
			found := append(structureFaults(readTables(t, conn)), catalogueFaults(t, conn)...)
			if !strings.Contains(strings.Join(found, "\n"), tc.says) {
				t.Errorf("%q is not among the faults found: %q", tc.says, found)
			}
		})
	}
}
