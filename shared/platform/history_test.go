package platform_test

import (
	"testing"
	"time"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/platform"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

const day = 24 * time.Hour

// oldJob inserts a job of that age; its id carries the time, as all do.
func oldJob(t *testing.T, s *billingtest.Studio, name, state string, age time.Duration, queue, payload string) {
	t.Helper()
	s.Exec(t, `insert into jobs (id, org_id, queue, dedupe_key, payload, state, created_at, finished_at, discarded_at, discarded_by, discard_reason)
		select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || substr(replace(app.uuidv7()::text, '-', ''), 13))::uuid, $1, $2, $3, $4::jsonb, $5, at,
			case when $5 <> 'ready' then at end, case when $5 = 'discarded' then at end, case when $5 = 'discarded' then 'admin' end, case when $5 = 'discarded' then 'old' end
		from (select now() - $6::interval) x (at)`,
		s.Org, queue, name, payload, state, age.String())
}

// TestWhatIsOverGoesAfterNinetyDays was seen red with the job of a debt that stands removed too, by whose absence the charge is sent for
// again; with a payload that nobody can read, which stopped all; and with the message of a job that may have another try removed. Age and state are held
// twice, here and by the policies.
func TestWhatIsOverGoesAfterNinetyDays(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	m := s.Member(t)
	paid, owed := s.Charge(t, m, 100), s.Charge(t, m, 100)
	s.Execute(t, paid)
	s.Exec(t, "delete from jobs")
	first := func(charge string) string { return `{"charge_id": "` + charge + `"}` }
	oldJob(t, s, "young", "done", 89*day, "org-apply-clerk-event", "{}")
	oldJob(t, s, "old", "done", 91*day, "org-apply-clerk-event", "{}")
	oldJob(t, s, "waits", "ready", 91*day, "org-apply-clerk-event", "{}")
	oldJob(t, s, "dead", "dead", 91*day, "org-apply-clerk-event", "{}")
	oldJob(t, s, "of a paid charge", "done", 91*day, "billing-execute-charge", first(paid.String()))
	oldJob(t, s, "of an owed charge", "done", 91*day, "billing-execute-charge", first(owed.String()))
	oldJob(t, s, "that nobody can read", "discarded", 91*day, "billing-execute-charge", first("x"))
	s.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at) values (null, 'org-apply-clerk-event', '2', '{}', 'dead', now())`)
	s.Exec(t, `insert into cron_runs (name, slot, started_at, lease_until) select 'cron-job-relay', at, at, at
		from unnest(array[now() - interval '91 days', now() - interval '89 days']) at`)
	s.Exec(t, `insert into inbox (id, provider, event_key, org_id, payload, received_at)
		select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000800000000000000' || n)::uuid, 'cardcom', n::text, case n when 1 then $1::uuid end, '{}', at
		from unnest(array[now() - interval '91 days', now() - interval '91 days', now() - interval '89 days']) with ordinality x (at, n)`, s.Org)

	h := platform.NewHistory(s.System)
	for _, want := range []int64{5, 0} { // three jobs, a slot and a message: the other's job may have another try
		if n, err := h.Expire(t.Context()); err != nil || n != want {
			t.Fatalf("%d rows went, %v; want %d", n, err, want)
		}
	}
	if got := postgrestest.Get[string](t, s.Database, "select string_agg(dedupe_key, ', ' order by dedupe_key) from jobs"); got != "2, dead, of an owed charge, waits, young" {
		t.Error("left:", got)
	}
	if got := postgrestest.Get[string](t, s.Database, "select (select count(*) from cron_runs) || ' ' || (select count(*) from inbox)"); got != "1 2" {
		t.Error("left of slots and messages:", got)
	}
}

// TestNothingYoungerCanBeRemoved was seen red without each of the policies system_expire.
func TestNothingYoungerCanBeRemoved(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	s.Exec(t, "delete from jobs")
	oldJob(t, s, "young", "done", 89*day, "org-apply-clerk-event", "{}")
	oldJob(t, s, "waits", "ready", 91*day, "org-apply-clerk-event", "{}")
	oldJob(t, s, "dead", "dead", 91*day, "org-apply-clerk-event", "{}")
	s.Exec(t, "insert into cron_runs (name, slot, lease_until) values ('cron-job-relay', now(), now())")
	s.Exec(t, "insert into inbox (provider, event_key, payload) values ('clerk', 'new', '{}')")
	for table, want := range map[string]int{"jobs": 3, "cron_runs": 1, "inbox": 1} {
		err := s.System.Across(t.Context(), func(tx postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "delete from "+table)
			return err
		})
		if n := postgrestest.Get[int](t, s.Database, "select count(*) from "+table); err != nil || n != want {
			t.Errorf("%s: %d rows are left, %v", table, n, err)
		}
	}
}
