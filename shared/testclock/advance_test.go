package testclock_test

import (
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/membership"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/testclock"
)

// Red with the advance asking only the first of its works what is due: none of them then ends.
func TestTheClockStopsAtTheMidnightsAtWhichMembershipsEnd(t *testing.T) {
	t.Parallel()
	s := billingtest.NewStudio(t)
	for _, day := range []string{"2026-03-10", "2026-04-01"} {
		ms := s.Membership(t, s.Member(t), billingtest.Start, 24900)
		s.Exec(t, "update memberships set next_charge_at = null, term_end = $2::date where id = $1", ms, day)
	}
	target := time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)
	s.Exec(t, "update orgs set test_target = $2 where id = $1", s.Org, target)
	clock := testclock.NewAdvancer(s.DB, billing.NewStore(s.DB), membership.NewStore(s.DB))
	if err := clock.Advance(t.Context(), s.Caller, testclock.Step{}); err != nil {
		t.Fatal(err)
	}
	ended := postgrestest.Get[[]time.Time](t, s.Database, "select array_agg(at order by at) from member_events where kind = 'membership.ended'")
	// Summer time begins between them, on 27 March.
	if len(ended) != 2 || !ended[0].Equal(time.Date(2026, 3, 9, 22, 0, 0, 0, time.UTC)) || !ended[1].Equal(time.Date(2026, 3, 31, 21, 0, 0, 0, time.UTC)) {
		t.Fatalf("they ended at %v", ended)
	}
	if now := postgrestest.Get[time.Time](t, s.Database, "select test_now from orgs where id = $1", s.Org); !now.Equal(target) {
		t.Fatalf("the clock stands at %s", now)
	}
}
