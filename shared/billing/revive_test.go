package billing_test

import (
	"context"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/postgres/postgrestest"
)

// Red while nothing came for a charge whose first job was dead: the debt stood, and nobody was charged or told. Red too with a dead
// job beside it whose payload nobody can read, which ended the planning of all.
func TestAChargeWhoseJobDiedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hours int    // since the job died
		after string // what else is so
		want  int    // jobs that are ready
	}{
		"hours after it died":                        {hours: 7, want: 1},
		"not at once":                                {hours: 5},
		"not when it was collected meanwhile":        {hours: 7, after: "update charges set state = 'void', void_reason = 'staff'"},
		"not while the studio's charges are paused":  {hours: 7, after: "update orgs set charges_paused_at = now(), charges_paused_why = 'x'"},
		"not when its dunning comes back to it":      {hours: 7, after: "insert into dunning_cases (org_id, id, charge_id, member_id, state, next_at, opened_at) select org_id, app.uuidv7(), id, member_id, 'open', now(), now() from charges"},
		"when its dunning only waits for the answer": {hours: 7, after: "insert into dunning_cases (org_id, id, charge_id, member_id, state, opened_at) select org_id, app.uuidv7(), id, member_id, 'open', now() from charges", want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			c := s.Charge(t, s.Member(t), 24900)
			s.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at)
				values ($1, 'billing-execute-charge', 'charge:' || $2::text || ':0', jsonb_build_object('charge_id', $2::text), 'dead', now() - make_interval(hours => $3))`, s.Org, c, tc.hours)
			s.Exec(t, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at)
				values ($1, 'billing-execute-charge', 'x', '{"charge_id": "that nobody can read"}', 'dead', now() - interval '7 hours')`, s.Org)
			if tc.after != "" {
				s.Exec(t, tc.after)
			}
			for range 2 { // the second finds it asked for
				if _, err := billing.NewSweeper(s.System, s.DB).Plan(context.Background()); err != nil {
					t.Fatal(err)
				}
				ready := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-execute-charge' and state = 'ready' and payload->>'charge_id' = $1", c.String())
				if ready != tc.want {
					t.Fatalf("%d jobs", ready)
				}
			}
		})
	}
}
