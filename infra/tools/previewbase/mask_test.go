package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/postgres/postgrestest"
)

// canaries is a studio with every masked column filled, by what would harm somebody. A $ begins an id.
const canaries = `
insert into orgs (id, clerk_org_id, name, slug, tax_id, charges_paused_at, charges_paused_why)
  values ('$01', 'org_canaryclerk', 'סטודיו קנרית', 'canary-studio', '514159265', now(), 'canary why');
insert into staff (org_id, id, clerk_user_id, role, name, email)
  values ('$01', '$02', 'user_canarystaff', 'owner', 'דנה קנרית', 'dana@canary.example');
insert into members (org_id, id, name, latin_name, search_key, birth_date, phone, email, clerk_user_id)
  select '$01', ('$1' || n)::uuid, 'נועה קנרית ' || n, 'Noa Canary ' || n, 'נועה קנרית noa canary ' || n,
    date '1984-07-13' + n, '+97252314159' || n, n || 'noa@canary.example', 'user_canarymember' || n from generate_series(1, 3) n;
insert into member_secrets (org_id, member_id, kind, country, national_id_ct, key_id, blind_index, last3)
  values ('$01', '$11', 'il', 'IL', '\x01ca4a12ca4a12', '\xca4a12ca', '\xca4a12ca4a12', '265');
insert into plans (org_id, id, name, type) values ('$01', '$21', 'תכנית קנרית', 'recurring');
insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, settings, hook_token, verified_at, problem, former_hook_token, former_hook_until)
  values ('$01', '$31', 'cardcom', 'live', '31415926', '\x01ca4a12cb555555', '\xca4a12cb',
    '{"x": "canary setting"}', 'canary-hook-token', now(), 'canary problem', 'canary-former-token', now());
insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, last4, exp_month, exp_year, terminal)
  values ('$01', '$41', '$11', '$31', '\x01ca4a12cb666666', '\xca4a12cb', '4580', 12, 2030, '31415926');
insert into charges (org_id, id, member_id, kind, amount, description, due_at, state, void_reason, created_by, paid_at)
  values ('$01', '$51', '$11', 'one_off', 100, 'canary description', now(),
    'due', 'canary void', 'user_canarystaff', null);
insert into payment_attempts (org_id, id, charge_id, gateway_id, payment_method_id, n, amount, installments, provider_key, state, provider_txn,
    sent_at, settled_at, lease_until, claimed_at, business_at, terminal)
  values ('$01', '$61', '$51', '$31', '$41', 1, 100, 1, 'canary-provider-key', 'approved', '314159265358', now(), now(), now(), now(), now(), '31415926');
insert into payments (org_id, id, member_id, attempt_id, method, amount, received_at, provider_txn)
  values ('$01', '$71', '$11', '$61', 'card', 100, now(), '314159265358');
insert into platform_admins (clerk_user_id, name) values ('user_canaryadmin', 'מנהלת קנרית');
insert into inbox (provider, event_key, payload) values ('clerk', 'canary-event', '{"name": "canary event"}')`

// guards is what mask lifts and puts back: forced row-level security, and each table's own triggers.
const guards = `select string_agg(x, ', ' order by x) from (
  select relname || ' ' || relrowsecurity || relforcerowsecurity as x from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  union all select tgname || ' of ' || tgrelid::regclass || ' ' || tgenabled::text from pg_trigger where not tgisinternal) g`

// TestNothingOfAPersonIsInThePreviewsBase fills every masked column, masks as the tables' owner, who is no superuser, and looks for
// each value in all that is left. The same rows become the same again in another copy.
//
// It has been seen red with a column's expression that gives its value back, with a table that is not emptied, and with
// row-level security left lifted or never lifted.
func TestNothingOfAPersonIsInThePreviewsBase(t *testing.T) {
	t.Parallel()
	var texts [2]string
	for i := range texts {
		db := postgrestest.New(t)
		owner := connect(t, db)
		db.Exec(t, "set session_replication_role = replica") // rows as they are found, whatever made them
		for statement := range strings.SplitSeq(strings.ReplaceAll(canaries, "$", "00000000-0000-7000-8000-0000000000"), ";\n") {
			db.Exec(t, statement)
		}
		before := postgrestest.Get[string](t, db, guards)
		values := secrets(t, db)
		if err := mask(t.Context(), owner); err != nil {
			t.Fatal(err)
		}
		texts[i] = all(t, db)
		for _, v := range append(values, "canary", "קנרית", "314159", "ca4a12") {
			if strings.Contains(texts[i], v) {
				t.Errorf("%q is still there", v)
			}
		}
		if after := postgrestest.Get[string](t, db, guards); after != before {
			t.Errorf("guards are\n%s\nand were\n%s", after, before)
		}
		if n := postgrestest.Get[int](t, db, "select count(distinct phone)::int from members"); n != 3 {
			t.Errorf("%d telephone numbers of three members", n)
		}
		texts[i] = postgrestest.Get[string](t, db, "select string_agg(name || search_key || phone || email || birth_date || clerk_user_id, ', ' order by id) from members")
	}
	if texts[0] != texts[1] {
		t.Errorf("two copies differ:\n%s\n%s", texts[0], texts[1])
	}
}

// secrets are the values of every masked column. Each must have one, or its mask is not tried.
func secrets(t *testing.T, db *postgrestest.Database) (values []string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		for _, column := range slices.Sorted(maps.Keys(tables[name].masked)) {
			found := postgrestest.Get[[]string](t, db, fmt.Sprintf("select coalesce(jsonb_agg(distinct %s::text), '[]') from %s where %[1]s is not null", column, name))
			if len(found) == 0 {
				t.Errorf("%s.%s has no value to be masked", name, column)
			}
			if column != "state" { // a word that tells nothing; the gateway's is changed so that nothing is charged
				values = append(values, found...)
			}
		}
	}
	return values
}

// all is every row of every table, as text.
func all(t *testing.T, db *postgrestest.Database) string {
	t.Helper()
	var out strings.Builder
	for name := range tables {
		out.WriteString(postgrestest.Get[string](t, db, "select coalesce(string_agg(x::text, E'\\n'), '') from "+name+" x") + "\n")
	}
	return out.String()
}

func connect(t *testing.T, db *postgrestest.Database) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// A column that a migration adds is decided on, or no base is made. Red with the look left out.
func TestAColumnThatNobodyDecidedOnStopsTheMasking(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	db.Exec(t, "alter table members add column shoe_size text")
	db.Exec(t, "create table diaries (org_id uuid, page text)")
	if err := mask(t.Context(), connect(t, db)); err == nil || !strings.HasSuffix(err.Error(), ": diaries.page, members.shoe_size") {
		t.Errorf("got %v", err)
	}
}
