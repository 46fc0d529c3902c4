package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup"
	"fitkit/shared/backup/backupfile"
	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/tenancy"
)

const week = "2026-11-21"

// studio fills a good part of the tables, with values that are easily lost on the way: a JSON null, an empty text beside a
// null, a range, sealed bytes, line breaks and quotes.
func studio(t *testing.T, db *postgrestest.Database) id.Org {
	t.Helper()
	org := rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.New), 20)
	for _, sql := range []string{
		`insert into staff (org_id, clerk_user_id, role, name) values ($1, 'user_1', 'owner', E'דנה "כהן"\n')`,
		`insert into jobs (org_id, queue, dedupe_key, payload) values ($1, 'q', 'k', 'null'), ($1, 'q', 'l', '{"a": 1.50}')`,
		`insert into charges (org_id, id, member_id, kind, amount, description, due_at, created_by, state, paid_at)
			select $1, app.uuidv7(), id, 'one_off', 11800, '', '2026-03-01T10:00:00.123456Z', 'x', 'paid', now() from members where org_id = $1`,
		`insert into payments (org_id, id, member_id, method, amount, received_at) select $1, app.uuidv7(), id, 'cash', 11800, now() from members where org_id = $1`,
		`insert into allocations select $1, p.id, c.id, 11800 from payments p join charges c using (org_id, member_id) where org_id = $1`,
		`insert into ledger_entries (org_id, kind, payment_id, at) select $1, 'payment', id, now() from payments where org_id = $1`,
		`insert into ledger_lines select $1, e.id, l.account, l.amount from ledger_entries e, (values ('cash', 11800), ('sales', -10000), ('vat_output', -1800)) l (account, amount) where org_id = $1`,
		`insert into audit_log (org_id, action, object_kind, data) values ($1, 'a', 'b', '{"ת": null}')`,
	} {
		db.Exec(t, sql, org)
	}
	return org
}

func export(t *testing.T, db *postgrestest.Database, files *blob.Store, org id.Org) backupfile.Manifest {
	t.Helper()
	if err := backupfile.NewExporter(db.DB, files).Export(t.Context(), tenancy.ForOrg(org, "test"), backup.Message{Day: week}); err != nil {
		t.Fatal(err)
	}
	m, err := readManifest(t.Context(), files, org, week)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// content is every row of the organisation, by table, as text and sorted.
func content(t *testing.T, db *postgrestest.Database, org id.Org) map[string]string {
	t.Helper()
	conn := connect(t, db.AdminURL)
	tables, err := backup.Tables(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, table := range tables {
		rows[table.Name] = postgrestest.Get[string](t, db, fmt.Sprintf("select coalesce(string_agg(r::text, chr(10) order by r::text), '') from %s r where %s = $1", table.Quoted(), table.OrgColumn()), org)
	}
	return rows
}

func TestAnExportRestoresEveryRowAsItWas(t *testing.T) {
	t.Parallel()
	from, to, files := postgrestest.New(t), postgrestest.New(t), blob.New(blobtest.General(t))
	org, other := studio(t, from), studio(t, from)
	m := export(t, from, files, org)
	export(t, from, files, org) // a message that comes twice
	if _, err := Restore(t.Context(), connect(t, to.OwnerURL), files, org, week); err != nil {
		t.Fatal(err)
	}
	if paused := postgrestest.Get[int](t, to, "select count(*) from orgs where charges_paused_at is not null and charges_paused_why = 'restored'"); paused != 1 {
		t.Error("charges that were paid since the export would be collected again")
	}
	to.Exec(t, "update orgs set charges_paused_at = null, charges_paused_why = null")
	want, got, filled := content(t, from, org), content(t, to, org), 0
	for table, rows := range want {
		if got[table] != rows {
			t.Errorf("%s differs after the restore:\n%s\nwas\n%s", table, got[table], rows)
		}
		if rows != "" {
			filled++
		}
	}
	if filled < 12 || len(m.Tables) != len(want) {
		t.Errorf("only %d tables had rows, and %d of %d were exported: the comparison says little", filled, len(m.Tables), len(want))
	}
	if n := postgrestest.Get[int](t, to, "select count(*) from orgs where id = $1", other); n != 0 {
		t.Error("another studio came with it")
	}
	if values := rotationtest.Audit(t, to, rotationtest.Ring(t, rotationtest.New), nil); values != 41 {
		t.Errorf("%d sealed values open after the restore, want 41", values)
	}
	if open := postgrestest.Get[int](t, to, `select count(*) from pg_class c where relnamespace = 'public'::regnamespace and exists (select from pg_attribute where attrelid = c.oid and attname = 'org_id')
		and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)`); open != 0 {
		t.Errorf("%d tables stay without forced row-level security", open)
	}
	if off := postgrestest.Get[int](t, to, "select count(*) from pg_trigger where tgenabled = 'D'"); off != 0 {
		t.Errorf("%d triggers stay off", off)
	}
}

// altered is an object store whose files somebody changes on the way.
type altered struct {
	*blob.Store
	key    string // a part of the key
	change func([]byte) []byte
}

func (a altered) Get(ctx context.Context, key blob.Key) (io.ReadCloser, error) {
	body, err := a.Store.Get(ctx, key)
	if err != nil || !strings.Contains(string(key), a.key) {
		return body, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return io.NopCloser(bytes.NewReader(a.change(text))), err
}

func TestADamagedExportRestoresNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	from, to, files := postgrestest.New(t), postgrestest.New(t), blob.New(blobtest.General(t))
	org := studio(t, from)
	export(t, from, files, org)
	manifest := func(change func(*backupfile.Manifest)) func([]byte) []byte {
		return func(text []byte) []byte {
			var m backupfile.Manifest
			if err := json.Unmarshal(text, &m); err != nil {
				t.Error(err)
			}
			change(&m)
			text, _ = json.Marshal(m)
			return text
		}
	}
	for name, tc := range map[string]struct {
		key    string
		change func([]byte) []byte
		says   string
	}{
		"a file is cut off":                   {"payments.ndjson", func(b []byte) []byte { return b[:len(b)/2] }, "table payments"},
		"a byte of a file is another":         {"members.ndjson", func(b []byte) []byte { b[len(b)/2]++; return b }, "table members"},
		"the manifest is cut off":             {"manifest", func(b []byte) []byte { return b[:len(b)-20] }, "manifest.json is cut off"},
		"the manifest is another studio's":    {"manifest", manifest(func(m *backupfile.Manifest) { m.Org = id.New[id.Org]() }), "manifest.json is cut off"},
		"a count is another":                  {"manifest", manifest(func(m *backupfile.Manifest) { m.Tables[len(m.Tables)-1].Rows++ }), "rows of this studio in its file and"},
		"a table has left the schema":         {"manifest", manifest(func(m *backupfile.Manifest) { m.Tables[0].Table = "gone" }), "table gone"},
		"a column has left the schema":        {"manifest", manifest(func(m *backupfile.Manifest) { m.Tables[1].Columns = []string{"gone"} }), ".gone"},
		"the schema is older than the export": {"manifest", manifest(func(m *backupfile.Manifest) { m.SchemaVersion = 9999 }), "make dev-db-migrate"},
		"a file is another studio's": {"manifest", manifest(func(m *backupfile.Manifest) {
			m.Tables[1].Key = blob.Key(strings.Replace(string(m.Tables[1].Key), org.String(), id.New[id.Org]().String(), 1))
		}), "manifest.json is cut off"},
		"a file is missing": {"manifest", manifest(func(m *backupfile.Manifest) { m.Tables[1].Key += "x" }), "is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Restore(t.Context(), connect(t, to.OwnerURL), altered{files, tc.key, tc.change}, org, week)
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("it said %v, want one sentence with %q", err, tc.says)
			}
			if n := postgrestest.Get[int](t, to, "select count(*) from orgs"); n != 0 {
				t.Errorf("%d organisations are there", n)
			}
		})
	}
}

func TestARestoreNeverTouchesWhatIsThere(t *testing.T) {
	t.Parallel()
	db, files := postgrestest.New(t), blob.New(blobtest.General(t))
	org := studio(t, db)
	export(t, db, files, org)
	before := content(t, db, org)
	for name, tc := range map[string]struct{ url, week, says string }{
		"the studio is there":         {db.OwnerURL, week, "already"},
		"the caller is not the owner": {db.AppURL, week, "DIRECT_DATABASE_URL"},
		"the week has no export":      {db.OwnerURL, "2026-11-14", "has no export of the week"},
		"the week is no day":          {db.OwnerURL, "latest", "no day"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Restore(t.Context(), connect(t, tc.url), files, org, tc.week)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("it said %v, want %q", err, tc.says)
			}
		})
	}
	for table, rows := range content(t, db, org) {
		if rows != before[table] {
			t.Errorf("%s has changed", table)
		}
	}
}

// Whoever can write both a file and its sum still cannot take rows away, or bring another studio's. Red without the
// organisation in the insert.
func TestRowsAreTheStudiosOwnAndCounted(t *testing.T) {
	t.Parallel()
	from, to, files := postgrestest.New(t), postgrestest.New(t), blob.New(blobtest.General(t))
	org, other := studio(t, from), studio(t, to)
	export(t, from, files, org)
	for name, lines := range map[string]string{"no rows": "", "a row of another studio": `{"org_id":"` + other.String() + `","clerk_user_id":"user_9","role":"owner","name":"x"}` + "\n"} {
		t.Run(name, func(t *testing.T) {
			var packed bytes.Buffer
			zip := gzip.NewWriter(&packed)
			_, _ = zip.Write([]byte(lines)) // to memory
			_ = zip.Close()
			sum := blob.SumOf(packed.Bytes())
			both := altered{files, "manifest", func(b []byte) []byte {
				var m backupfile.Manifest
				if err := json.Unmarshal(b, &m); err != nil {
					t.Error(err)
				}
				i := slices.IndexFunc(m.Tables, func(f backupfile.File) bool { return f.Table == "staff" })
				m.Tables[i].Bytes, m.Tables[i].SHA256, m.Tables[i].Rows = int64(packed.Len()), hex.EncodeToString(sum[:]), 1
				m.Tables[i].Columns = []string{"org_id", "clerk_user_id", "role", "name"}
				b, _ = json.Marshal(m)
				return b
			}}
			_, err := Restore(t.Context(), connect(t, to.OwnerURL), replaced{both, "staff", packed.Bytes()}, org, week)
			if err == nil || !strings.Contains(err.Error(), "staff has 0 rows of this studio in its file and 1 in the manifest") {
				t.Errorf("it said %v", err)
			}
			if n := postgrestest.Get[int](t, to, "select count(*) from staff where clerk_user_id = 'user_9'"); n != 0 {
				t.Error("another studio has an owner more")
			}
		})
	}
}

// replaced is an object store in which one table's file is another.
type replaced struct {
	altered
	table   string
	content []byte
}

func (r replaced) Get(ctx context.Context, key blob.Key) (io.ReadCloser, error) {
	if strings.Contains(string(key), "/"+r.table+".ndjson") {
		return io.NopCloser(bytes.NewReader(r.content)), nil
	}
	return r.altered.Get(ctx, key)
}

func TestExportsOfAWeekArePlannedOnce(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	org := studio(t, db)
	deleted := studio(t, db)
	db.Exec(t, "update orgs set status = 'deleted' where id = $1", deleted)
	planner := backup.NewPlanner(db.System, db.DB)
	days := map[string]time.Time{"Saturday's first second": time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), "Friday's last": time.Date(2026, 11, 27, 23, 59, 59, 0, time.UTC)}
	for name, now := range days {
		if n, err := planner.Plan(t.Context(), now); err != nil || n != 1 {
			t.Errorf("%s: planned %d (%v), want the one that is not deleted", name, n, err)
		}
	}
	if got := postgrestest.Get[string](t, db, "select string_agg(org_id || ' ' || (payload->>'day'), ',') from jobs where queue = 'platform-export-org'"); got != org.String()+" "+week {
		t.Errorf("the jobs are %s", got)
	}
}

func TestTheCommandSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"no organisation": {nil, nil, "make restore-export ORG="},
		"no settings":     {[]string{"-org", id.New[id.Org]().String(), "-from", week}, nil, "R2_BUCKET_NAME"},
		"no database": {[]string{"-org", id.New[id.Org]().String(), "-from", week}, map[string]string{"STAGE": "local", "S3_ENDPOINT_URL": "http://127.0.0.1:1",
			"R2_ACCESS_KEY_ID": "k", "R2_SECRET_ACCESS_KEY": "s", "R2_BUCKET_NAME": "b"}, "DIRECT_DATABASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tc.args, func(name string) string { return tc.env[name] }, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("it said %v, want %q", err, tc.says)
			}
		})
	}
}
