package discard_test

import (
	"context"
	"errors"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/platform/discard"
	"fitkit/shared/postgres/postgrestest"
)

// given is a job of the studio in a state.
func given(t *testing.T, s *billingtest.Studio, q, payload, state string) id.Job {
	t.Helper()
	return postgrestest.Get[id.Job](t, s.Database, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at, last_error)
		values ($1, $2, app.uuidv7()::text, $3, $4, case when $4 <> 'ready' then now() end, 'internal') returning id`, s.Org, q, payload, state)
}

func charging(c id.Charge) string { return `{"charge_id": "` + c.String() + `"}` }

// TestADeadJobIsDiscardedOnceWithItsReason has been seen red with a second line of the trail for a repeat, without the reason in the
// row, with a job of no studio refused, and with a job that ends when it died.
func TestADeadJobIsDiscardedOnceWithItsReason(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	store := discard.NewStore(s.System)
	job := given(t, s, "org-apply-clerk-event", `{}`, "dead")
	alone := postgrestest.Get[id.Job](t, s.Database, `insert into jobs (queue, dedupe_key, payload, state, finished_at) values ('platform-reencrypt', 'k', '{}', 'dead', now() - interval '91 days') returning id`)
	for _, j := range []struct {
		org id.Org
		job id.Job
	}{{s.Org, job}, {s.Org, job}, {id.Org{}, alone}} { // a repeat finds it discarded
		if err := store.Discard(context.Background(), j.org, j.job, "admin:user_1", " of a studio that left "); err != nil {
			t.Fatal(err)
		}
	}
	const want = "discarded by admin:user_1, of a studio that left, after internal; discarded by admin:user_1, of a studio that left, after "
	if rows := postgrestest.Get[string](t, s.Database, `select string_agg(state || ' by ' || discarded_by || ', ' || discard_reason || ', after ' || last_error, '; ' order by org_id) from jobs`); rows != want {
		t.Errorf("the rows say %q, want %q", rows, want)
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where finished_at = discarded_at"); n != 2 {
		t.Errorf("%d of two jobs end with the word: the other's would go with what has long been over", n)
	}
	trail := postgrestest.Get[string](t, s.Database, `select string_agg(concat_ws(' ', org_id, actor, object_id, reason, data->>'queue', data->>'last_error'), '; ') from audit_log where action = 'job.discarded'`)
	if want := s.Org.String() + " admin:user_1 " + job.String() + " of a studio that left org-apply-clerk-event internal"; trail != want {
		t.Errorf("the trail says %q, want %q", trail, want)
	}
}

// TestADiscardIsRefused has been seen red with each of the refusals left out, with the charge of every queue's job looked at, with the studio not looked at, and with
// a payload that is no id failing as internal.
func TestADiscardIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := billingtest.NewStudio(t)
	store := discard.NewStore(s.System)
	owed, asked, paid := s.Charge(t, s.Member(t), 24900), s.Charge(t, s.Member(t), 24900), s.Charge(t, s.Member(t), 24900)
	s.Execute(t, paid)
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Code: "timeout"}
	}
	s.Execute(t, asked)
	attempt := postgrestest.Get[id.Attempt](t, s.Database, "select id from payment_attempts where state = 'unknown'")
	for name, tc := range map[string]struct {
		queue, payload, state, reason string
		want                          error
	}{
		"a charge whose answer is not known":  {string(billing.QueueExecute), charging(asked), "dead", "", discard.ErrInFlight},
		"a look-up of what has no answer":     {string(billing.QueueResolve), `{"attempt_id": "` + attempt.String() + `"}`, "dead", "", discard.ErrInFlight},
		"a charge that is owed":               {string(billing.QueueExecute), charging(owed), "dead", "", discard.ErrOwed},
		"a charge that is paid":               {string(billing.QueueExecute), charging(paid), "dead", "", nil},
		"what nobody can read":                {string(billing.QueueExecute), `{"charge_id": "x"}`, "dead", "", nil},
		"what is no object":                   {string(billing.QueueExecute), `["x"]`, "dead", "", nil},
		"a job that does not move the charge": {string(billing.QueueDunning), charging(owed), "dead", "", nil},
		"a job that waits":                    {"org-apply-clerk-event", `{}`, "ready", "", discard.ErrNotDead},
		"a job that is done":                  {"org-apply-clerk-event", `{}`, "done", "", discard.ErrNotDead},
		"a job without a reason":              {"org-apply-clerk-event", `{}`, "dead", " a ", discard.ErrReason},
	} {
		job := given(t, s, tc.queue, tc.payload, tc.state)
		reason := tc.reason
		if reason == "" {
			reason = "seen to"
		}
		if err := store.Discard(ctx, s.Org, job, "admin:user_1", reason); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
		state := postgrestest.Get[string](t, s.Database, "select state from jobs where id = $1", job)
		if want := map[bool]string{true: "discarded", false: tc.state}[tc.want == nil]; state != want {
			t.Errorf("%s: it is %s, want %s", name, state, want)
		}
	}
	job := given(t, s, "org-apply-clerk-event", `{}`, "dead")
	for name, of := range map[string]struct {
		org id.Org
		job id.Job
	}{"a job that is not": {s.Org, id.New[id.Job]()}, "another studio's": {id.New[id.Org](), job}, "a studio's as one of none": {id.Org{}, job}} {
		if err := store.Discard(ctx, of.org, of.job, "admin:user_1", "seen to"); !errors.Is(err, discard.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
