package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/backup/backupverify"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/blob/documents"
	"fitkit/shared/config"
	"fitkit/shared/id"
	"fitkit/shared/neon"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
)

// world is a production database with money of yesterday in it, the sandbox beside it, and a verifier between them.
type world struct {
	db       *postgrestest.Database
	api      *api
	verifier *backupverify.Verifier
	docs     *documents.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := postgrestest.New(t)
	fill(t, db)
	u, err := url.Parse(db.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	a := newAPI(server{adminURL: os.Getenv(postgrestest.Variable), database: strings.TrimPrefix(u.Path, "/")}, "k",
		map[string]string{"fitkit_app": password, "fitkit_system": password})
	http := httptest.NewServer(a.routes())
	t.Cleanup(func() {
		http.Close()
		for id := range a.branches {
			_ = a.server.drop(context.Background(), id)
		}
		_ = a.server.forget(context.Background())
	})
	where := blobtest.Locked(t)
	docs := documents.New(&config.ComplianceBlob{Provider: "s3", Bucket: where.Bucket, Endpoint: where.Endpoint,
		KeyID: where.Keys.AccessKeyID, KeySecret: secret.Secret(where.Keys.SecretAccessKey)}, &config.ComplianceLock{}, where.Region)
	ring := rotationtest.Ring(t, rotationtest.New)
	return &world{db: db, api: a, docs: docs, verifier: &backupverify.Verifier{
		Production: backupverify.Database{App: db.DB, System: db.System},
		Vendor:     &neon.Client{URL: http.URL, Key: "k", Project: "p", Client: http.Client(), Wait: atOnce},
		Rings:      backupverify.Rings{seal.PaymentCredentials: ring, seal.NationalIDs: ring},
		Reports:    backup.NewReports(db.System), Documents: docs, Now: func() time.Time { return time.Now().UTC() }}}
}

// fill makes two studios, each with paid charges of yesterday, and a schedule that ran just now.
func fill(t *testing.T, db *postgrestest.Database) {
	t.Helper()
	for range 2 {
		org := rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.New), 5)
		for _, sql := range []string{
			`insert into charges (org_id, id, member_id, kind, amount, description, due_at, created_by) select $1, app.uuidv7(), id, 'one_off', 11800, 'x', now(), 'x' from members where org_id = $1`,
			`insert into payments (org_id, id, member_id, method, amount, received_at, created_at) select $1, app.uuidv7(), id, 'cash', 11800, now(), now() - interval '1 day' from members where org_id = $1`,
			`insert into allocations select $1, p.id, c.id, 11800 from payments p join charges c using (org_id, member_id) where org_id = $1`,
			`insert into ledger_entries (org_id, kind, payment_id, at, created_at) select $1, 'payment', id, now(), now() - interval '1 day' from payments where org_id = $1`,
			`insert into ledger_lines select $1, e.id, l.account, l.amount from ledger_entries e, (values ('cash', 11800), ('sales', -10000), ('vat_output', -1800)) l (account, amount) where org_id = $1`,
			`insert into jobs (org_id, queue, dedupe_key, payload, created_at) select $1, 'q', n::text, '{}', now() - interval '1 day' from generate_series(1, 10) n`,
			`update orgs set created_at = now() - interval '1 month' where id = $1`,
		} {
			db.Exec(t, sql, org)
		}
	}
	db.Exec(t, "insert into cron_runs (name, slot, lease_until) values ('cron-job-relay', now(), now())")
}

func (w *world) verify(t *testing.T) (backup.Report, []string) {
	t.Helper()
	r, err := w.verifier.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	return r, codes
}

func TestAGoodBackupPassesAndItsReportIsUnderLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.busy = 2 // Neon is at work on something else first
	r, codes := w.verify(t)
	if !r.Passed || r.Orgs != 2 || r.Money["ledger_lines"].Rows != 30 || r.Rows["jobs"] != 20 || r.Opened["payment_methods.token_ct"] != 10 {
		t.Errorf("a good copy has findings %v, report %+v", codes, r)
	}
	if n := postgrestest.Get[int](t, w.db, "select count(*) from pg_database where datname = $1", "br-verify-"+r.ID.String()); n != 0 {
		t.Error("the copy is still there")
	}
	latest, err := w.verifier.Reports.Latest(t.Context(), 5)
	if err != nil || len(latest) != 1 || latest[0].ID != r.ID {
		t.Fatalf("kept %v (%v)", latest, err)
	}
	key := postgrestest.Get[string](t, w.db, "select object_key from backup_reports")
	if !strings.HasPrefix(key, "reports/backups/"+r.StartedAt.Format(backup.DayLayout)) {
		t.Errorf("the report is at %s", key)
	}
	if checked, _, _, err := w.verifier.VerifyWhenDue(t.Context()); checked != 0 || err != nil {
		t.Errorf("it verified again within the week (%v)", err)
	}
	w.verifier.Now = func() time.Time { return time.Now().UTC().AddDate(0, 0, 7) }
	if checked, _, _, err := w.verifier.VerifyWhenDue(t.Context()); checked != 1 || err != nil {
		t.Errorf("it did not verify after a week (%v)", err)
	}
}

// Each damage is seen by one check alone; red, for the row twice, the entry and the role, with that check taken out.
func TestWhatACopyLacksIsNoticedByItsOwnCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		damage string
		want   []string
	}{
		"the money tables were cut off":    {"truncated", []string{backupverify.MoneyDiffers}},
		"half of a table was cut off":      {"half", []string{backupverify.RowsMissing}},
		"amounts are others":               {"amounts", []string{backupverify.MoneyDiffers}},
		"row-level security is not forced": {"no_rls", []string{backupverify.Unprotected}},
		"a policy is missing":              {"no_policy", []string{backupverify.Unprotected, backupverify.PoliciesDiffer}},
		"the newest row is three days old": {"stale", []string{backupverify.Stale}},
		"an extension is missing":          {"extension", []string{backupverify.ExtensionMissing}},
		"a sealed value was changed":       {"sealed", []string{backupverify.ValueUnreadable}},
		"a row is there twice":             {"doubled", []string{backupverify.RowsDiffer}},
		"an entry has one line":            {"unbalanced", []string{backupverify.Unbalanced}},
		"a role passes row-level security": {"strong_role", []string{backupverify.RoleWrong}},
		"a table is missing":               {"table_gone", []string{backupverify.TableMissing, backupverify.PoliciesDiffer}},
	} {
		t.Run(name, func(t *testing.T) {
			w.api.damage = tc.damage
			r, codes := w.verify(t)
			slices.Sort(codes)
			codes = slices.Compact(codes)
			slices.Sort(tc.want)
			if r.Passed || !slices.Equal(codes, tc.want) {
				t.Errorf("found %v, want %v: %+v", codes, tc.want, r.Findings)
			}
		})
	}
}

// Red while a proof whose report could not be locked counted for a week.
func TestAReportThatCannotBeLockedProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	where := blobtest.Locked(t)
	w.verifier.Documents = documents.New(&config.ComplianceBlob{Provider: "s3", Bucket: where.Bucket + "-gone", Endpoint: where.Endpoint,
		KeyID: where.Keys.AccessKeyID, KeySecret: secret.Secret(where.Keys.SecretAccessKey)}, &config.ComplianceLock{}, where.Region)
	if _, err := w.verifier.Verify(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	if passed := postgrestest.Get[string](t, w.db, "select string_agg(passed || ' ' || (report->'findings'->0->>'code'), ',') from backup_reports"); passed != "false "+backupverify.NotLocked {
		t.Errorf("kept %s", passed)
	}
}

func TestACopyThatCannotBeMadeIsAReportToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.verifier.Vendor = &neon.Client{URL: w.verifier.Vendor.(*neon.Client).URL, Key: "expired", Project: "p", Client: http.DefaultClient, Wait: atOnce}
	r, codes := w.verify(t)
	if r.Passed || !slices.Equal(codes, []string{backupverify.NoCopy}) {
		t.Errorf("found %v", codes)
	}
	const day = 24 * time.Hour
	if _, _, age, err := w.verifier.VerifyWhenDue(t.Context()); err != nil || age > day {
		t.Errorf("a stage whose schedule has never run is %v without a proof (%v): its alarm would ring on the first day", age, err)
	}
	w.db.Exec(t, "insert into cron_runs (name, slot, started_at, lease_until) select $1, at, at, at from (values (now() - interval '9 days'), (now())) v (at)", backup.VerifyCron)
	if _, _, age, err := w.verifier.VerifyWhenDue(t.Context()); err != nil || age.Round(day) != 9*day {
		t.Errorf("nine days without a proof are told as %v (%v)", age, err)
	}
}

// Red with a client that waits for the branch alone: a compute that would have started in the end took no connections yet. The
// sentences of those that never start are shared/neon's, tested there.
func TestACopyIsUsedWhenItsComputeHasStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for outcome, want := range map[string][]string{"failed": nil, "error": {backupverify.NoCopy}, "cancelled": {backupverify.NoCopy}} {
		t.Run(outcome, func(t *testing.T) {
			w.api.outcome = outcome
			r, codes := w.verify(t)
			if r.Passed != (want == nil) || !slices.Equal(codes, want) || len(w.api.branches) != 0 {
				t.Errorf("found %v, want %v; left %d branches", codes, want, len(w.api.branches))
			}
		})
	}
}

func TestTheSandboxAnswersAsNeonDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.verifier.Vendor.(*neon.Client)
	name := "pr-" + id.New[id.Event]().String()
	made, err := c.Create(t.Context(), neon.Branch{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Create(t.Context(), neon.Branch{Name: name}); err != nil || again != made {
		t.Errorf("the second creation made %s (%v)", again, err)
	}
	if _, err := c.Create(t.Context(), neon.Branch{Name: name + "-2", At: time.Now()}); err == nil {
		t.Error("an instant outside the window is copied")
	}
	for range 2 {
		if err := c.Delete(t.Context(), name, false); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
}

// atOnce waits for nothing: the sandbox is never busy.
func atOnce(context.Context, time.Duration) error { return nil }

// stays is a vendor that removes nothing.
type stays struct {
	backupverify.Vendor
	until *time.Time // the removal was waited for
}

func (s stays) Delete(ctx context.Context, _ string, _ bool) error {
	*s.until, _ = ctx.Deadline()
	return errors.New("Neon is busy")
}

// Red while an answer to DELETE counted as the copy's end, and while the removal could take all the time that the report needs.
func TestACopyThatStaysIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ends, until := time.Now().Add(15*time.Minute), time.Time{}
	w.verifier.Vendor = stays{w.verifier.Vendor, &until}
	ctx, cancel := context.WithDeadline(t.Context(), ends)
	defer cancel()
	r, err := w.verifier.Verify(ctx)
	if err != nil || r.Passed || len(r.Findings) != 1 || r.Findings[0].Code != backupverify.CopyLeft || !strings.Contains(r.Findings[0].Detail, "verify-"+r.ID.String()) {
		t.Errorf("found %+v, %v", r.Findings, err)
	}
	if left := ends.Sub(until); left < 10*time.Second || left > time.Minute {
		t.Errorf("the removal leaves %s for the report", left)
	}
}
