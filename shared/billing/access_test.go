package billing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

// in is an instant of 2026 by the wall clock of Israel.
func in(month time.Month, day, hour, minute int) time.Time {
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		panic(err)
	}
	return time.Date(2026, month, day, hour, minute, 0, 0, zone)
}

// debt gives a member a charge that was first refused when it fell due: at its ladder's end when it is lost, else on its way.
func (s studio) debt(t *testing.T, m id.Member, due time.Time, lost bool) id.Charge {
	t.Helper()
	c := id.New[id.Charge]()
	charge, dunning := "due", "open"
	if lost {
		charge, dunning = "failed", "lost"
	}
	s.Exec(t, `insert into charges (org_id, id, member_id, kind, amount, description, due_at, state) values ($1, $2, $3, 'one_off', 24900, 'test', $4, $5)`,
		s.Org, c, m, due, charge)
	s.Exec(t, `insert into dunning_cases (org_id, id, charge_id, member_id, state, rung, opened_at, closed_at)
		values ($1, $2, $3, $4, $5, 1, $6, case when $5 = 'lost' then $6::timestamptz end)`, s.Org, id.New[id.DunningCase](), c, m, dunning, due)
	return c
}

// look has the dunning schedule come.
func (s studio) look(t *testing.T, now time.Time) {
	t.Helper()
	s.SetNow(t, now)
	if _, err := s.Collector.DunOrg(context.Background(), s.Caller); err != nil {
		t.Fatal(err)
	}
}

func (s studio) access(t *testing.T, m id.Member) string {
	t.Helper()
	return postgrestest.Get[string](t, s.Database, "select access_level from members where id = $1", m)
}

// told is what the member's timeline says of access, the oldest first.
func (s studio) told(t *testing.T, m id.Member) string {
	t.Helper()
	return postgrestest.Get[string](t, s.Database, `select coalesce(string_agg(concat(data->>'from', ' > ', data->>'to', ': ', data->>'why'), ', ' order by at, id), '')
		from member_events where member_id = $1 and kind = 'access.changed'`, m)
}

// Red with greatest(s.days, o.grace_days) for the first day after grace; with the day taken in UTC (x.start::date); with the order of
// debts turned around; and with 'keep' not looked at.
func TestWhatTheAgeOfADebtLeavesAMemberToDo(t *testing.T) {
	t.Parallel()
	due := in(time.February, 1, 9, 0)
	for name, tc := range map[string]struct {
		due       time.Time
		days      int // from due's day to now's; 09:00 unless at says otherwise
		at        time.Duration
		grace     int
		end       string
		rest      bool // the studio does not charge on rest days
		want      string
		nextAfter int // days from due's day; -1: time changes nothing any more
	}{
		"nothing is taken away in the first days, without any grace":  {days: 5, want: "full", nextAfter: 6},
		"from the sixth there are no new bookings":                    {days: 6, want: "no_new_bookings", nextAfter: 10},
		"which begins in the morning":                                 {days: 6, at: -time.Second, want: "full", nextAfter: 6},
		"from the tenth no entry":                                     {days: 10, want: "no_checkin", nextAfter: 14},
		"from the fourteenth nothing":                                 {days: 14, want: "suspended", nextAfter: -1},
		"a year later, too":                                           {days: 365, want: "suspended", nextAfter: -1},
		"nothing is taken away on the last day of grace":              {days: 7, grace: 7, want: "full", nextAfter: 8},
		"and on the day after what the age gives":                     {days: 8, grace: 7, want: "no_new_bookings", nextAfter: 10},
		"grace may outlast the ladder":                                {days: 30, grace: 30, want: "full", nextAfter: 31},
		"and ends all the same":                                       {days: 31, grace: 30, want: "suspended", nextAfter: -1},
		"a studio that keeps access at the end bars no more":          {days: 14, end: "keep", want: "no_checkin", nextAfter: -1},
		"not even after a long grace":                                 {days: 61, grace: 60, end: "keep", want: "no_checkin", nextAfter: -1},
		"though it does after grace":                                  {days: 60, grace: 60, end: "keep", want: "full", nextAfter: 61},
		"due in the evening, the sixth day's morning is the sixth":    {due: in(2, 1, 18, 0), days: 6, want: "no_new_bookings", nextAfter: 10},
		"due after midnight, which UTC calls yesterday":               {due: in(2, 1, 0, 30), days: 6, grace: 6, want: "full", nextAfter: 7},
		"a day on the way had 23 hours":                               {due: in(3, 25, 9, 0), days: 6, want: "no_new_bookings", nextAfter: 10},
		"a day on the way had 25":                                     {due: in(10, 22, 9, 0), days: 6, grace: 5, want: "no_new_bookings", nextAfter: 10},
		"nothing is taken away on a Saturday on which nobody can pay": {due: in(2, 1, 9, 0), days: 6, rest: true, want: "full", nextAfter: 7},
		"but on the Sunday":                                           {due: in(2, 1, 9, 0), days: 7, rest: true, want: "no_new_bookings", nextAfter: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			if tc.due.IsZero() {
				tc.due = due
			}
			end := "suspend"
			if tc.end != "" {
				end = tc.end
			}
			s.Exec(t, "update orgs set grace_days = $1, dunning_end = $2, charge_on_rest_days = $3", tc.grace, end, !tc.rest)
			m := s.Member(t)
			old := s.debt(t, m, tc.due, true)
			s.debt(t, m, tc.due.AddDate(0, 0, 5), false) // the younger says nothing
			nine := func(days int) time.Time { return in(tc.due.Month(), tc.due.Day()+days, 9, 0) }
			s.SetNow(t, nine(tc.days).Add(tc.at))
			got := postgrestest.Get[string](t, s.Database, "select concat_ws(' ', level, charge_id, extract(epoch from next_at)::bigint) from app.access_by_debt($1, $2, '{}')", s.Org, m)
			want := tc.want + " " + old.String()
			if tc.nextAfter >= 0 {
				want += fmt.Sprint(" ", nine(tc.nextAfter).Unix())
			}
			if got != want {
				t.Errorf("%s, not %s", got, want)
			}
		})
	}
}

// Each of these three was red before there was one rule: (a) the member stayed suspended for a debt of yesterday; (b) the ladder's end suspended at once;
// (c) nothing looked again after the ladder's end.
func TestAccessFollowsTheOldestDebtThatIsLeft(t *testing.T) {
	t.Parallel()
	t.Run("a payment brings at once what the next debt's age gives", func(t *testing.T) {
		t.Parallel()
		for name, tc := range map[string]struct {
			left int // the day on which the other debt fell due; the old one's is the first
			want string
		}{"of yesterday": {19, "full"}, "of nine days ago": {11, "no_new_bookings"}, "of twelve": {8, "no_checkin"}, "as old": {0, "suspended"}} {
			for _, how := range []string{"paid", "void", "cancelled"} {
				t.Run(name+", "+how, func(t *testing.T) {
					t.Parallel()
					s := studio{billingtest.NewStudio(t)}
					s.Provider.Answer = nil
					s.SetNow(t, at(20))
					m := s.Member(t)
					s.debt(t, m, at(tc.left), tc.left == 0)
					old := s.debt(t, m, at(0), true)
					s.must(t, "select app.settle_access(app.org(), $1, 'time')", m)
					if got := s.access(t, m); got != "suspended" {
						t.Fatal(got)
					}
					switch how {
					case "paid":
						s.Exec(t, "update charges set state = 'due' where id = $1", old)
						s.Execute(t, old)
					case "void":
						if _, err := s.Collector.VoidCharge(context.Background(), s.Caller, old, "a gift"); err != nil {
							t.Fatal(err)
						}
					case "cancelled":
						ms := s.Membership(t, m, at(0), 24900)
						s.Exec(t, "update charges set membership_id = $2, kind = 'period', period = '[2026-03-01,2026-04-01)' where id = $1", old, ms)
						s.must(t, sqlCancelFrom, ms, "2026-03-01")
					}
					if got := s.access(t, m); got != tc.want {
						t.Errorf("%s is %s", got, s.State(t, old))
					}
				})
			}
		}
	})
	for name, tc := range map[string]struct {
		grace      int
		end, after string
	}{
		"grace that outlasts the ladder is kept, and ends":           {30, "suspend", "suspended"},
		"so it is in a studio that keeps access at the ladder's end": {20, "keep", "no_checkin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			s.Exec(t, "update orgs set grace_days = $1, dunning_end = $2", tc.grace, tc.end)
			s.Provider.Answer = declines("004")
			m := s.Member(t)
			c := s.Charge(t, m, 24900)
			s.Execute(t, c)
			s.climbDays(t, 15)
			if s.State(t, c) != "failed" || s.access(t, m) != "full" {
				t.Fatalf("%s, access %s", s.State(t, c), s.access(t, m))
			}
			over := in(time.March, 1+tc.grace+1, 9, 0)
			if next := s.nextDue(t); next == nil || !next.Equal(over) {
				t.Fatalf("a clock that is advanced looks at %v next, not %s", next, over)
			}
			if s.look(t, over.Add(-time.Second)); s.access(t, m) != "full" {
				t.Fatalf("access is %s on the last day of grace", s.access(t, m))
			}
			s.SetNow(t, over)
			if n, err := billing.NewSweeper(s.System, s.DB).Dun(context.Background()); err != nil || n != 1 {
				t.Fatalf("the schedule found %d: %v", n, err)
			}
			if got := s.told(t, m); got != "full > "+tc.after+": time" || s.access(t, m) != tc.after {
				t.Errorf("%s; access %s", got, s.access(t, m))
			}
			if next := s.nextDue(t); next != nil {
				t.Errorf("something is due at %s, for nothing", next)
			}
		})
	}
}

// climbDays lets so many days pass: every morning the schedule comes, and the jobs that it or the rungs enqueue are run.
func (s studio) climbDays(t *testing.T, days int) {
	t.Helper()
	ctx := context.Background()
	for day := range days {
		s.look(t, at(day))
		for steps := range 2 { // the rungs, then the charges that they enqueue
			queue := []string{"billing-run-dunning-step", "billing-execute-charge"}[steps]
			list := postgrestest.Get[[]string](t, s.Database, "select coalesce(array_agg(payload::text), '{}') from jobs where queue = $1", queue)
			s.Exec(t, "delete from jobs where queue = $1", queue)
			for _, payload := range list {
				var step billing.DunningStep
				var charge billing.ExecuteCharge
				if err := json.Unmarshal([]byte(payload), &step); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal([]byte(payload), &charge); err != nil {
					t.Fatal(err)
				}
				if steps == 1 {
					s.Execute(t, charge.ChargeID)
				} else if err := s.Collector.RunDunningStep(ctx, s.Caller, step); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func (s studio) nextDue(t *testing.T) (next *time.Time) {
	t.Helper()
	err := s.DB.InOrg(context.Background(), s.Caller, func(tx postgres.Tx) (err error) {
		next, err = s.Collector.NextDue(context.Background(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// Red without the event in sqlStepDone, without the one in app.settle_access, and with access settled before the payment's own event.
func TestTheTimelineTellsTheLadder(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.Exec(t, "update orgs set grace_days = 0")
	s.Provider.Answer = declines("004")
	m := s.Member(t)
	c := s.Charge(t, m, 24900)
	s.Execute(t, c)
	s.climbDays(t, 15)
	if got := s.told(t, m); got != "full > no_new_bookings: time, no_new_bookings > no_checkin: time, no_checkin > suspended: time" {
		t.Error(got)
	}
	steps := postgrestest.Get[string](t, s.Database, `select string_agg(concat_ws(' ', data->>'rung', data->>'action', data->>'message'), ', ' order by at)
		from member_events where member_id = $1 and kind = 'dunning.step' and data->>'charge_id' = $2`, m, c.String())
	if steps != "1 retry, 2 retry payment_reminder, 3 retry access_will_be_limited, 4 retry, 5 retry final_notice" {
		t.Error(steps)
	}
	s.Exec(t, "update charges set state = 'due' where id = $1", c)
	s.Provider.Answer = nil
	if s.Execute(t, c); !strings.HasSuffix(s.told(t, m), ", suspended > full: charge.paid") {
		t.Error(s.told(t, m))
	}
	last := postgrestest.Get[[]string](t, s.Database, "select (array_agg(kind order by at desc, id desc))[:2] from member_events where member_id = $1", m)
	if !slices.Equal(last, []string{"access.changed", "charge.paid"}) {
		t.Errorf("the last entries are %v", last)
	}
}

// Red when every charge of the member is taken for paid, and not those of the answers alone.
func TestChargesPaidTogetherLeaveWhatTheThirdOnesAgeGives(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.SetNow(t, at(20))
	m := s.Member(t)
	s.debt(t, m, at(12), false)
	attempts := map[id.Attempt]payment.Outcome{}
	for range 2 {
		c := s.debt(t, m, at(0), true)
		s.Exec(t, "update charges set state = 'due' where id = $1", c)
		a, err := s.Collector.Claim(t.Context(), s.Caller, c)
		if err != nil {
			t.Fatal(err)
		}
		s.unanswered(t)
		attempts[a] = payment.Outcome{State: payment.Paid, Code: "000", Amount: 24900, ProviderTxn: a.String()}
	}
	s.must(t, "select app.settle_access(app.org(), $1, 'time')", m)
	if err := s.Collector.Approve(t.Context(), s.Caller, attempts); err != nil {
		t.Fatal(err)
	}
	if got := s.told(t, m); got != "full > suspended: time, suspended > no_new_bookings: charge.paid" {
		t.Error(got)
	}
}

// Two answers come at the same time: both statements have begun before either has an effect, so each sees the other's charge unpaid. Red without
// the lock in app.settle_access, and with the function stable, which looks with the statement's eyes.
func TestTwoPaymentsAtTheSameTimeGiveBackFullAccess(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.SetNow(t, at(20))
	m := s.Member(t)
	var attempts []id.Attempt
	for range 2 {
		c := s.debt(t, m, at(0), true)
		s.Exec(t, "update charges set state = 'due' where id = $1", c)
		a, err := s.Collector.Claim(t.Context(), s.Caller, c)
		if err != nil {
			t.Fatal(err)
		}
		s.unanswered(t)
		attempts = append(attempts, a)
	}
	s.must(t, "select app.settle_access(app.org(), $1, 'time')", m)
	record := func(a id.Attempt) func() error {
		return func() error {
			return s.Collector.Record(context.Background(), s.Caller, a, payment.Outcome{State: payment.Paid, Code: "000", Amount: 24900, ProviderTxn: a.String()})
		}
	}
	s.behind(t, "select from members for no key update", record(attempts[0]), record(attempts[1]))
	if got := s.access(t, m); got != "full" {
		t.Error(got)
	}
}

// behind starts the acts one after the other, each when the former waits for the rows that lock takes, and lets them go.
func (s studio) behind(t *testing.T, lock string, acts ...func() error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	held, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, len(acts))
	for i, act := range acts {
		go func() { done <- act() }()
		for waiting := 0; waiting <= i; {
			if len(done) > 0 {
				t.Fatalf("act %d did not wait for the rows that another transaction holds: %v", i, <-done)
			}
			waiting = postgrestest.Get[int](t, s.Database, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
		}
	}
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range acts {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// Red without the trigger orgs_access_policy.
func TestAnotherPolicyHoldsForTheDebtorsThereAre(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	m, other := s.Member(t), s.Member(t)
	s.debt(t, m, at(0), true)
	s.must(t, "select app.settle_access(app.org(), $1, 'time')", m)
	s.look(t, at(20))
	for _, change := range []string{"grace_days = 30", "grace_days = 3", "dunning_end = 'keep'", "dunning_end = 'suspend'"} {
		s.must(t, "update orgs set "+change+" where id = app.org()")
		s.look(t, at(20))
	}
	if got := s.told(t, m); got != "full > suspended: time, suspended > full: time, full > suspended: time, suspended > no_checkin: time, no_checkin > suspended: time" {
		t.Error(got)
	}
	if got := s.told(t, other); got != "" {
		t.Errorf("a member without debts hears %s", got)
	}
}

// Red with a debt's age that runs on in a pause (least in app.access_by_debt), and with sqlEndPause for open cases alone.
func TestADebtDoesNotAgeWhileNobodyCanPay(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.Exec(t, "update orgs set grace_days = 20")
	m := s.Member(t)
	s.debt(t, m, at(0), true)
	s.SetNow(t, at(16))
	s.must(t, "select app.settle_access(app.org(), $1, 'time')", m)
	s.pause(t)
	s.look(t, at(40))
	s.must(t, "select app.settle_access(app.org(), $1, 'time')", m)
	s.connect(t)
	for _, tc := range []struct {
		day  int
		want string
	}{{40, "full"}, {44, "full"}, {45, "suspended"}} {
		if s.look(t, at(tc.day)); s.access(t, m) != tc.want {
			t.Errorf("day %d: %s", tc.day, s.access(t, m))
		}
	}
}

// Red with accessChunk alone settled.
func TestEveryMemberWhoIsDueIsSettled(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	for range billing.AccessChunk + 1 {
		s.debt(t, s.Member(t), at(0), true)
	}
	s.Exec(t, "update members set access_next_at = '2000-01-01Z'")
	s.look(t, at(14))
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from members where access_level = 'suspended' and access_next_at is null"); n != billing.AccessChunk+1 {
		t.Error(n)
	}
}
