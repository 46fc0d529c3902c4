package isolation

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/postgres/postgrestest"
)

// systemMay is all that the crons' role may do, across studios: what it is granted and which rows its policies name. A
// line more or less is a decision about every studio's data, so it is written down here too.
var systemMay = map[string][]string{
	"audit_log":           {"grant insert", "policy insert written true"},
	"backup_reports":      {"grant insert, select", "policy all rows true written true"},
	"billing_periods":     {"grant insert, select", "policy all rows true written true"},
	"card_sessions":       {"grant select", "policy select rows (state = 'open'::text)"},
	"charges":             {"grant insert, select", "policy all rows true written (state = 'due'::text)"},
	"clerk_deleted_users": {"grant insert, select", "policy all rows true written true"},
	"connections":         {"grant delete", "grant select (id, org_id)", "policy delete rows true", "policy select rows true"},
	"cron_runs": {"grant delete, insert, select, update", "policy all rows true written true",
		"policy delete rows (started_at < (now() - '90 days'::interval))"},
	"day_proofs":       {"grant select (day, figures, org_id, state, tried_at, tries)", "policy select rows (state = ANY (ARRAY['waiting'::text, 'differs'::text]))"},
	"dunning_cases":    {"grant select", "policy select rows (state = ANY (ARRAY['open'::text, 'waiting_method'::text]))"},
	"gateways":         {"grant select (creds_ct, id, org_id)", "grant update (creds_ct, key_id)", "policy select rows true", "policy update rows true written true"},
	"goose_db_version": {"grant select"},
	"idempotency_keys": {"grant delete, select", "policy delete rows (created_at < (now() - '24:00:00'::interval))",
		"policy select rows (created_at < (now() - '24:00:00'::interval))"},
	"inbox": {"grant delete, insert, select, update", "policy all rows (org_id IS NULL) written (org_id IS NULL)",
		"policy delete rows (received_at < (now() - '90 days'::interval))", "policy delete rows true", "policy select rows (received_at < (now() - '90 days'::interval))"},
	"jobs": {"grant delete, insert, select, update", "policy all rows true written true",
		"policy delete rows ((state <> ALL (ARRAY['ready'::text, 'dead'::text])) AND (finished_at < (now() - '90 days'::interval)))"},
	"key_rotations": {"grant insert, select, update", "policy all rows true written true"},
	"member_events": {"grant insert", "policy insert written (kind = 'charge.created'::text)"},
	"member_secrets": {"grant select (member_id, national_id_ct, org_id)", "grant update (key_id, national_id_ct)", "policy select rows true",
		"policy update rows true written true"},
	"members":     {"grant select (access_next_at, org_id)", "policy select rows (access_next_at IS NOT NULL)"},
	"memberships": {"grant select", "grant update (next_charge_at, next_period)", "policy all rows true written true"},
	"money_cases": {"grant select (attempt_id, day, id, kind, opened_at, org_id, state, subject)", "policy select rows (state = 'open'::text)"},
	"orgs": {"grant insert (clerk_org_id, clerk_updated_at, name, slug, status)", "grant select",
		"grant update (clerk_updated_at, name, slug, status, updated_at, version)", "policy insert written true", "policy select rows true",
		"policy update rows true written true"},
	"payment_attempts": {"grant select", "policy select rows (state = ANY (ARRAY['claimed'::text, 'sent'::text, 'unknown'::text]))"},
	"payment_methods": {"grant select (id, org_id, token_ct)", "grant update (key_id, token_ct)", "policy select rows true",
		"policy update rows true written true"},
	"plan_versions":   {"grant select (id, org_id, plan_id)", "policy select rows true"},
	"plans":           {"grant select (id, name, org_id)", "policy select rows true"},
	"platform_admins": {"grant select (clerk_user_id, removed_at)", "policy select rows (removed_at IS NULL)"},
	"rest_days":       {"grant select"},
	"result_codes":    {"grant select"},
	"socket_tickets": {"grant delete, select", "policy delete rows (expires_at < (now() - '01:00:00'::interval))",
		"policy select rows (expires_at < (now() - '01:00:00'::interval))"},
	"staff":     {"grant insert, select, update", "policy all rows true written true"},
	"uploads":   {"grant select", "policy select rows (state = ANY (ARRAY['pending'::text, 'expired'::text]))"},
	"vat_rates": {"grant select"},
}

// gateMay is the same for the owner of app.enter and its like: what they need to find a caller's studio.
var gateMay = map[string][]string{
	"connections":    {"grant select", "policy select rows true"},
	"gateways":       {"grant select", "policy select rows true"},
	"socket_tickets": {"grant select", "grant update (used_at)", "policy all rows true written true"},
	"members":        {"grant select", "policy select rows true"},
	"orgs":           {"grant insert, select", "policy all rows true written true"},
	"staff":          {"grant insert, select", "policy all rows true written true"},
}

const sqlMay = `
select p.tablename as table, 'policy ' || lower(p.cmd) || coalesce(' rows ' || p.qual, '') || coalesce(' written ' || p.with_check, '') as line
from pg_policies p where p.schemaname = 'public' and p.roles && array[$1::name, 'public']
union all select table_name, 'grant ' || string_agg(lower(privilege_type), ', ' order by privilege_type) from information_schema.table_privileges
where table_schema = 'public' and grantee in ($1, 'PUBLIC') group by table_name
union all select table_name, 'grant ' || lower(privilege_type) || ' (' || string_agg(column_name, ', ' order by column_name) || ')'
from information_schema.column_privileges c
where table_schema = 'public' and grantee in ($1, 'PUBLIC') and not exists (select from information_schema.table_privileges t
  where t.table_schema = 'public' and t.table_name = c.table_name and t.grantee = c.grantee and t.privilege_type = c.privilege_type)
group by table_name, privilege_type
order by 1, 2`

func TestRolesAcrossStudiosMayDoWhatIsWrittenDown(t *testing.T) {
	t.Parallel()
	conn := connect(t, postgrestest.New(t).AdminURL)
	for role, want := range map[string]map[string][]string{system: systemMay, gate: gateMay} {
		got := map[string][]string{}
		for _, may := range collect[struct{ Table, Line string }](t, conn, sqlMay, role) {
			got[may.Table] = append(got[may.Table], may.Line)
		}
		for _, table := range slices.Sorted(maps.Keys(got)) {
			if !slices.Equal(got[table], want[table]) {
				t.Errorf("%s on %s may\n  %s\nand is written down as\n  %s", role, table, strings.Join(got[table], "\n  "), strings.Join(want[table], "\n  "))
			}
		}
		for table := range want {
			if got[table] == nil {
				t.Errorf("%s is written down for %s, and has nothing there", role, table)
			}
		}
	}
}

// TestTheSystemRoleSeesWhatItsPoliciesName reads every table as the system role: the rows of the fixture are in states that
// no policy names, so only what is open as a whole shows them.
func TestTheSystemRoleSeesWhatItsPoliciesName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := &prober{t: t, w: w, conn: connect(t, w.SystemURL)}
	for _, tb := range w.tables {
		may := systemMay[tb.Name]
		whole := slices.ContainsFunc(may, func(line string) bool {
			return strings.HasPrefix(line, "policy all rows true") || strings.HasPrefix(line, "policy select rows true")
		})
		want := int64(0)
		if whole {
			want = 2
		}
		switch tb.Name {
		case "idempotency_keys":
			run(t, w.admin, "update idempotency_keys set created_at = now()")
		case "members":
			run(t, w.admin, "update members set access_next_at = null")
		}
		if got := p.rows("select 1 from " + tb.quoted()); got != want {
			t.Errorf("%s: the system role sees %d rows, want %d", tb.Name, got, want)
		}
		if code := p.attempt(func() error { return p.move(tb, w.a.id, w.b.id) }); code != refused && !slices.ContainsFunc(may, func(line string) bool { return strings.HasSuffix(line, "insert, select, update") }) {
			t.Errorf("%s: moving a row to another studio is answered %q, want %s", tb.Name, code, refused)
		}
	}
}
