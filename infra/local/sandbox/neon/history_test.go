package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup/backupverify"
	"fitkit/shared/id"
	"fitkit/shared/neon"
	"fitkit/shared/rotation/rotationtest"
)

// bill makes a charge of one member of every studio for each label, as of an instant.
func (w *world) bill(t *testing.T, at time.Time, labels ...string) {
	t.Helper()
	w.db.Exec(t, `insert into charges (org_id, id, member_id, kind, amount, description, state, due_at, created_by, created_at)
select m.org_id, app.uuidv7(), m.id, 'one_off', 11800, label, 'in_flight', $1, 'x', $1
from (select distinct on (org_id) org_id, id from members order by org_id, id) m, unnest($2::text[]) label`, at, labels)
}

// pay has every studio's charge of that label paid at an instant.
func (w *world) pay(t *testing.T, label string, at time.Time) {
	t.Helper()
	for _, sql := range []string{
		`insert into payments (org_id, id, member_id, method, amount, provider_txn, received_at, created_at)
select org_id, app.uuidv7(), member_id, 'cash', amount, $1, $2, $2 from charges where description = $1`,
		`insert into allocations select c.org_id, p.id, c.id, c.amount from charges c join payments p on p.org_id = c.org_id and p.provider_txn = c.description
where c.description = $1 and $2::timestamptz is not null`,
		`update charges set state = 'paid', paid_at = $2 where description = $1`,
		`insert into ledger_entries (org_id, kind, payment_id, at, created_at) select org_id, 'payment', id, $2, $2 from payments where provider_txn = $1`,
		`insert into ledger_lines select e.org_id, e.id, l.account, l.amount from ledger_entries e join payments p on p.org_id = e.org_id and p.id = e.payment_id,
(values ('cash', 11800), ('sales', -10000), ('vat_output', -1800)) l (account, amount) where p.provider_txn = $1 and $2::timestamptz is not null`,
		`insert into jobs (org_id, queue, dedupe_key, payload, created_at) select id, 'q', $1, '{}', $2 from orgs`,
		`insert into cron_runs (name, slot, started_at, lease_until) select 'cron-job-relay', $2, $2, $2 where $1 <> ''`,
	} {
		w.db.Exec(t, sql, label, at)
	}
}

// keep has the sandbox keep a copy as if it were that time.
func (w *world) keep(t *testing.T, at time.Time) {
	t.Helper()
	now := w.api.now
	w.api.now = func() time.Time { return at }
	resp, err := http.Post(w.verifier.Vendor.(*neon.Client).URL+"/_sandbox/copies", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("keeping a copy answers %d", resp.StatusCode)
	}
	w.api.now = now
}

// asked remembers the bodies of the requests that make branches.
type asked struct {
	http.RoundTripper
	at []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var in struct {
			Branch struct {
				At string `json:"parent_timestamp"`
			}
		}
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		a.at = append(a.at, in.Branch.At)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return a.RoundTripper.RoundTrip(r)
}

// witness looks into the copy before it is removed.
type witness struct {
	*neon.Client
	look func(branch string)
}

func (w witness) Delete(ctx context.Context, name string, soft bool) error {
	w.look("br-" + name)
	return w.Client.Delete(ctx, name, soft)
}

// What passes and is removed in the course of nature, of which the copy has more than production: tickets of an hour, and work that
// was over for 90 days. It was backup.rows_differ each week.
var passing = []string{
	`insert into socket_tickets (org_id, hash, actor, role, member_id, created_at, expires_at)
		select org_id, sha256(id::text::bytea), 'user_1', 'member', id, now() - interval '2 hours', now() - interval '119 minutes' from members`,
	`insert into jobs (org_id, queue, dedupe_key, payload, state, created_at, finished_at)
		select id, 'q', 'long over', '{}', 'done', now() - interval '90 days', now() - interval '90 days' from orgs`,
}

var removedSince = []string{"delete from socket_tickets", "delete from jobs where dedupe_key = 'long over'"}

// TestACopyOfThePastIsComparedExactly has production go on for an hour, with copies kept at three instants of it. The window
// leaves two minutes to choose from, all nearest to the second copy. Red with the body's parent_timestamp left out, with what was
// deleted since counted in the copy, with the cut-off left out of what is read of production
// (backup.rows_missing and backup.money_differs), and with it left out of what is read of the copy (backup.rows_differ and
// backup.money_differs), because the second copy has a payment that was not settled at the cut-off.
func TestACopyOfThePastIsComparedExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	before := func(minutes time.Duration) time.Time { return now.Add(-minutes * time.Minute) }
	w.api.now, w.verifier.Now = func() time.Time { return now }, func() time.Time { return now }
	gone := rotationtest.Studio(t, w.db, rotationtest.Ring(t, rotationtest.New), 1)
	w.db.Exec(t, "update orgs set created_at = $1", before(1000))
	w.db.Exec(t, "update cron_runs set slot = $1, started_at = $1", before(1000))

	for _, sql := range passing {
		w.db.Exec(t, sql)
	}
	w.bill(t, before(900), "settled", "just now", "later", "today")
	w.keep(t, before(62))
	w.pay(t, "settled", before(40))
	w.pay(t, "just now", before(33))
	w.keep(t, before(32))
	w.pay(t, "later", before(25))
	w.keep(t, before(20))
	w.pay(t, "today", before(1))
	w.db.Exec(t, "update orgs set status = 'deleted' where id = $1", gone)
	for _, sql := range removedSince {
		w.db.Exec(t, sql)
	}

	client := *w.verifier.Vendor.(*neon.Client)
	requests := &asked{RoundTripper: http.DefaultTransport}
	client.Client = &http.Client{Transport: requests}
	var labels []string
	w.verifier.Vendor = witness{&client, func(branch string) { labels = paid(t, w, branch) }}
	r, codes := w.verify(t)
	if !r.Passed {
		t.Errorf("a good copy of the past has findings %v: %+v", codes, r.Findings)
	}
	if r.CopyAt.Before(before(32)) || r.CopyAt.After(before(30)) || !slices.Equal(requests.at, []string{r.CopyAt.Format(time.RFC3339)}) {
		t.Errorf("the copy is of %s, asked of Neon as %v", r.CopyAt, requests.at)
	}
	if want := []string{"just now", "settled"}; !slices.Equal(labels, want) {
		t.Errorf("the copy has the payments %v, want %v", labels, want)
	}
	if r.Orgs != 2 || r.Money["payments"].Rows != 12 || r.Rows["jobs"] != 22 {
		t.Errorf("compared %d studios with %d payments and %d jobs", r.Orgs, r.Money["payments"].Rows, r.Rows["jobs"])
	}
	// Red without the look at what a copy has of later.
	w.api.damage = "newer"
	if r, codes := w.verify(t); r.Passed || !slices.Equal(codes, []string{backupverify.Newer}) {
		t.Errorf("a copy that has what came later has findings %v: %+v", codes, r.Findings)
	}
	// Red while production's place among the branches was not asked.
	w.api.production.Parent = "br-older"
	if r, codes := w.verify(t); r.Passed || !slices.Equal(codes, []string{backupverify.NotRoot}) || !r.CopyAt.Equal(now) {
		t.Errorf("a production that has a parent has findings %v: %+v", codes, r.Findings)
	}
}

// paid is the labels of the payments that a database has.
func paid(t *testing.T, w *world, database string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.api.server.url("", "", database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), "select distinct provider_txn from payments where provider_txn is not null order by 1")
	if err != nil {
		t.Fatal(err)
	}
	labels, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

// windowed is a vendor with a history that notes the instants it is asked for, and makes nothing.
type windowed struct {
	*neon.Client
	at []time.Time
}

func (*windowed) History(context.Context) (time.Duration, error) { return 2 * time.Hour, nil }
func (*windowed) Root(context.Context) (bool, error)             { return true, nil }
func (*windowed) Delete(context.Context, string, bool) error     { return nil }
func (v *windowed) Create(_ context.Context, b neon.Branch) (string, error) {
	v.at = append(v.at, b.At)
	return "", errors.New("nothing is made")
}

// Red with an edge of nothing, and with the middle of the window as the instant.
func TestTheInstantIsAnyOfTheWindowButItsEdges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := &windowed{}
	now := time.Now().UTC().Truncate(time.Second)
	w.verifier.Vendor, w.verifier.Now = v, func() time.Time { return now }
	for range 40 {
		w.verify(t)
	}
	slices.SortFunc(v.at, time.Time.Compare)
	oldest, newest := now.Sub(v.at[0]), now.Sub(v.at[len(v.at)-1])
	if oldest > 90*time.Minute || newest < 30*time.Minute {
		t.Errorf("instants from %s to %s ago", oldest, newest)
	}
	if different := slices.Compact(v.at); len(different) < 30 {
		t.Errorf("of 40 proofs only %d chose another instant", len(different))
	}
}

// Red with the newest copy for every instant, and while the future was not refused.
func TestABranchStartsFromTheNewestCopyThatIsNotLater(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	history := []kept{{noon.Add(2 * time.Hour), "two"}, {noon.Add(time.Hour), "one"}, {noon, "noon"}}
	for name, tc := range map[string]struct {
		after time.Duration
		want  string
	}{
		"the oldest copy's instant": {0, "noon"},
		"between two copies":        {90 * time.Minute, "one"},
		"a copy's own instant":      {2 * time.Hour, "two"},
		"after the newest copy":     {150 * time.Minute, "two"},
		"now":                       {3 * time.Hour, "two"},
		"before the window":         {-time.Second, ""},
		"the future":                {3*time.Hour + time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := instant(history, noon.Add(tc.after), noon.Add(3*time.Hour)); got.database != tc.want || ok != (tc.want != "") {
				t.Errorf("starts from %q, %t", got.database, ok)
			}
		})
	}
}

// Red as the test above.
func TestAnInstantOutsideTheWindowIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.verifier.Vendor.(*neon.Client)
	name := "pr-" + id.New[id.Event]().String()
	w.keep(t, time.Now().Add(-time.Hour))
	if history, err := c.History(t.Context()); err != nil || history.Round(time.Minute) != time.Hour {
		t.Errorf("the window is of %s (%v)", history, err)
	}
	for _, at := range []time.Duration{-2 * time.Hour, time.Hour} {
		if _, err := c.Create(t.Context(), neon.Branch{Name: name, At: time.Now().Add(at)}); err == nil {
			t.Errorf("an instant %s from now is copied", at)
		}
	}
	if _, err := c.Create(t.Context(), neon.Branch{Name: name, At: time.Now().Add(-time.Minute)}); err != nil {
		t.Errorf("an instant of the window is not copied: %v", err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.URL+"/_sandbox/copies", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if history, err := c.History(t.Context()); err != nil || history != 0 {
		t.Errorf("after the copies were dropped the window is of %s (%v)", history, err)
	}
}
