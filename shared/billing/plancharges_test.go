package billing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
)

// onTimeline is how many charges of a membership its payer's timeline names, at the studio's time and by the schedule.
func (s studio) onTimeline(t *testing.T, ms id.Membership) int {
	t.Helper()
	return postgrestest.Get[int](t, s.Database, `select count(*) from member_events e
		join charges c on c.org_id = e.org_id and c.member_id = e.member_id and e.data = jsonb_build_object('charge_id', c.id, 'kind', c.kind, 'amount_agorot', c.amount)
		join orgs o on o.id = c.org_id
		where c.membership_id = $1 and e.kind = 'charge.created' and e.actor = 'cron:billing-plan-charges' and e.at between c.due_at and o.test_now`, ms)
}

// planned is how many charges, periods and jobs a membership has.
func (s studio) planned(t *testing.T, ms id.Membership) (charges, periods, jobs int) {
	t.Helper()
	charges = postgrestest.Get[int](t, s.Database, "select count(*) from charges where membership_id = $1", ms)
	periods = postgrestest.Get[int](t, s.Database, "select count(*) from billing_periods where membership_id = $1", ms)
	jobs = postgrestest.Get[int](t, s.Database, "select count(*) from jobs j join charges c on j.payload->>'charge_id' = c.id::text where c.membership_id = $1", ms)
	return charges, periods, jobs
}

func TestPlanningInTheSameInstantMakesOneCharge(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	var memberships []id.Membership
	for range 5 {
		memberships = append(memberships, s.Membership(t, s.Member(t), billingtest.Start, 24900))
	}
	sweeper := billing.NewSweeper(s.System, s.DB)
	for month, want := range []int{1, 2, 3} {
		s.SetNow(t, billingtest.Start.AddDate(0, month, 1))
		var plans sync.WaitGroup
		start := make(chan struct{})
		for range 8 {
			plans.Go(func() {
				<-start
				if _, err := sweeper.Plan(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		plans.Wait()
		for _, ms := range memberships {
			if charges, periods, jobs := s.planned(t, ms); charges != want || periods != want || jobs != want {
				t.Fatalf("month %d: %d charges, %d periods, %d jobs", want, charges, periods, jobs)
			}
			if told := s.onTimeline(t, ms); told != want {
				t.Fatalf("month %d: %d charges on the timeline", want, told)
			}
		}
	}
}

func TestPlanningStopsAtTheCancellation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		effective time.Time
		want      int
	}{
		"a period that begins before the effective day is charged":         {time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC), 2},
		"a period that begins on the effective day is not":                 {time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), 1},
		"a membership cancelled from its first day on is not charged ever": {billingtest.Start, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			ms := s.Membership(t, s.Member(t), billingtest.Start, 24900)
			s.Exec(t, "update memberships set cancel_notice_at = now(), cancel_effective_on = $2::date where id = $1", ms, c.effective)
			for month := range 4 {
				s.SetNow(t, billingtest.Start.AddDate(0, month, 1))
				if _, err := billing.NewSweeper(s.System, s.DB).Plan(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if charges, _, _ := s.planned(t, ms); charges != c.want {
				t.Fatalf("%d charges", charges)
			}
		})
	}
}
