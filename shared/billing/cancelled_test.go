package billing_test

import (
	"context"
	"testing"
	"time"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

const (
	sqlEndNow   = `update memberships set state = 'ended' where org_id = app.org() and id = $1`
	sqlWithdraw = `update memberships set cancel_notice_at = null, cancel_effective_on = null where org_id = app.org() and id = $1`
)

// deal is a membership whose whole price is one charge, due now; it ends after a year.
func (s studio) deal(t *testing.T) (id.Membership, id.Charge) {
	t.Helper()
	ms := s.Membership(t, s.Member(t), billingtest.Start, 60000)
	s.Exec(t, "update memberships set pay_mode = 'upfront', next_charge_at = null, term_end = '2027-03-01' where id = $1", ms)
	c := id.New[id.Charge]()
	s.Exec(t, `insert into charges (org_id, id, member_id, membership_id, kind, amount, description, due_at)
		select org_id, $2, payer_id, id, 'one_off', price, 'deal', $3 from memberships where id = $1`, ms, c, billingtest.Start)
	return ms, c
}

// monthly is a membership and the charge of its first month, due now.
func (s studio) monthly(t *testing.T) (id.Membership, id.Charge) {
	t.Helper()
	ms := s.Membership(t, s.Member(t), billingtest.Start, 24900)
	if _, err := s.Collector.PlanOrg(context.Background(), s.Caller); err != nil {
		t.Fatal(err)
	}
	return ms, postgrestest.Get[id.Charge](t, s.Database, "select id from charges where membership_id = $1", ms)
}

func (s studio) must(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := s.write(sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (s studio) cases(t *testing.T, kind string) int {
	t.Helper()
	return postgrestest.Get[int](t, s.Database, "select count(*) from money_cases where kind = $1 and state = 'open'", kind)
}

// TestALawfulCancellationIsNeverRefused was red with charges_not_after_cancellation, which refused each of these days
// while a charge was in flight, unknown or paid; with the members' access left as the debt had it; and without the
// trigger charges_refund_after_cancellation, whose charge was paid and nobody's business.
func TestALawfulCancellationIsNeverRefused(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(studio, *testing.T) (id.Membership, id.Charge){"a month's charge": studio.monthly, "the price of a deal": studio.deal} {
		t.Run(name+" that is paid becomes a person's question of a refund, once", func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			ms, c := make(s, t)
			s.Execute(t, c)
			s.must(t, sqlCancelFrom, ms, "2026-03-01")
			if s.State(t, c) != "paid" || s.cases(t, "refund_due") != 1 {
				t.Fatalf("%s, %d cases", s.State(t, c), s.cases(t, "refund_due"))
			}
			s.Exec(t, "update money_cases set state = 'closed', closed_at = now()") // by the person
			if s.must(t, sqlEndNow, ms); s.cases(t, "refund_due") != 0 {
				t.Fatal("the end of the membership asks again")
			}
		})
		t.Run(name+" whose answer was lost is void when it was not charged, and a refund when it was", func(t *testing.T) {
			t.Parallel()
			for _, o := range []payment.Outcome{soft, {State: payment.Declined, Code: "001"}, paid} {
				s := studio{billingtest.NewStudio(t)}
				s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return payment.Outcome{Code: "no_answer"} }
				ms, c := make(s, t)
				s.Execute(t, c)
				s.must(t, sqlCancelFrom, ms, "2026-03-01")
				if s.State(t, c) != "in_flight" {
					t.Fatalf("in flight it became %s", s.State(t, c))
				}
				a := postgrestest.Get[id.Attempt](t, s.Database, "select id from payment_attempts")
				o.ProviderTxn, o.Amount = "1", money.Agorot(postgrestest.Get[int64](t, s.Database, "select amount from payment_attempts"))
				if err := s.Collector.Record(context.Background(), s.Caller, a, o); err != nil {
					t.Fatal(err)
				}
				state, refunds := "void", 0
				if o.State == payment.Paid {
					state, refunds = "paid", 1
				}
				dunned := postgrestest.Get[int](t, s.Database, "select count(*) from dunning_cases")
				if s.State(t, c) != state || s.cases(t, "refund_due") != refunds || dunned != 0 {
					t.Fatalf("answered %v: %s, %d refunds, %d dunning cases", o.State, s.State(t, c), s.cases(t, "refund_due"), dunned)
				}
			}
		})
		t.Run(name+" that is dunned is void, and the member has access again", func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			s.Provider.Answer = declines("004")
			ms, c := make(s, t)
			s.Execute(t, c)
			s.Exec(t, "update members set access_level = 'no_checkin'")
			s.must(t, sqlCancelFrom, ms, "2026-03-01")
			s.SetNow(t, billingtest.Start.AddDate(0, 0, 2))
			s.Execute(t, c)
			access := postgrestest.Get[string](t, s.Database, "select access_level from members")
			open := postgrestest.Get[int](t, s.Database, "select count(*) from dunning_cases where closed_at is null")
			if s.State(t, c) != "void" || s.Provider.Asked != 1 || access != "full" || open != 0 {
				t.Fatalf("%s after %d requests, access %s, %d open cases", s.State(t, c), s.Provider.Asked, access, open)
			}
		})
	}
}

// TestThePriceOfADealThatEndedEarlyIsNotCollected was red with guards that looked at the charges of periods alone, and
// at the cancellation's day without the membership's state.
func TestThePriceOfADealThatEndedEarlyIsNotCollected(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end  func(s studio, t *testing.T, ms id.Membership)
		want string
	}{
		"it was cancelled":                    {func(s studio, t *testing.T, ms id.Membership) { s.must(t, sqlCancelFrom, ms, "2026-04-01") }, "void"},
		"it ended":                            {func(s studio, t *testing.T, ms id.Membership) { s.must(t, sqlEndNow, ms) }, "void"},
		"it is not renewed, and owed in full": {func(s studio, t *testing.T, ms id.Membership) { s.must(t, sqlCancelFrom, ms, "2027-03-01") }, "paid"},
		"its entries are used, so it is owed": {func(s studio, t *testing.T, ms id.Membership) {
			s.Exec(t, "update memberships set entries_left = 0")
			s.must(t, sqlEndNow, ms)
		}, "paid"},
		"its term is over, and its debt stays": {func(s studio, t *testing.T, ms id.Membership) {
			s.SetNow(t, time.Date(2027, 3, 1, 7, 0, 0, 0, time.UTC))
			s.must(t, sqlEndNow, ms)
		}, "paid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			ms, c := s.deal(t)
			tc.end(s, t, ms)
			if s.Execute(t, c); s.State(t, c) != tc.want {
				t.Fatal(s.State(t, c))
			}
		})
	}
	t.Run("what slipped in is taken back by its job", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		ms, c := s.deal(t)
		s.Exec(t, "set session_replication_role = replica")
		s.Exec(t, "update memberships set state = 'ended' where id = $1", ms)
		s.Exec(t, "set session_replication_role = origin")
		if s.Execute(t, c); s.State(t, c) != "void" || s.Provider.Asked != 0 {
			t.Fatalf("%s after %d requests", s.State(t, c), s.Provider.Asked)
		}
	})
}

// TestAWithdrawnCancellationIsAsIfItHadNotBeen was red without the trigger memberships_plan_again: the membership was
// never planned again; and without the new charges, whose months nobody paid.
func TestAWithdrawnCancellationIsAsIfItHadNotBeen(t *testing.T) {
	t.Parallel()
	for name, undo := range map[string]string{"it is withdrawn": sqlWithdraw, "it is put off": sqlCancelFrom} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			ms, c := s.monthly(t)
			s.must(t, sqlCancelFrom, ms, "2026-03-01")
			s.SetNow(t, billingtest.Start.AddDate(0, 1, 1))
			plan := func() {
				t.Helper()
				if err := s.Collector.FireDue(context.Background(), s.Caller); err != nil {
					t.Fatal(err)
				}
			}
			plan()
			args := []any{ms, "2026-06-01"}
			if undo == sqlWithdraw {
				args = args[:1]
			}
			s.must(t, undo, args...)
			plan()
			months := postgrestest.Get[string](t, s.Database, "select string_agg(lower(period)::text || ' ' || state, ', ' order by period) from charges where id <> $1", c)
			if months != "2026-03-01 due, 2026-04-01 due" {
				t.Fatal(months)
			}
			next := postgrestest.Get[time.Time](t, s.Database, "select next_charge_at from memberships")
			if want := time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC); !next.Equal(want) {
				t.Fatalf("planned next at %s", next)
			}
		})
	}
	// Red while any charge that a cancellation had voided counted, and not the last of its month.
	t.Run("but what the studio has voided since stays void", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		ms, _ := s.monthly(t)
		c, err := s.periodCharge(ms, "2026-04-01")
		if err != nil {
			t.Fatal(err)
		}
		s.must(t, sqlCancelFrom, ms, "2026-03-01")
		s.must(t, sqlWithdraw, ms)
		again := postgrestest.Get[id.Charge](t, s.Database, "select id from charges where lower(period) = '2026-04-01' and id <> $1", c)
		if s.State(t, c) != "void" || s.State(t, again) != "due" {
			t.Fatalf("%s and %s", s.State(t, c), s.State(t, again))
		}
		s.must(t, "select app.void_charge(app.org(), $1, 'a gift')", again)
		s.must(t, sqlCancelFrom, ms, "2026-06-01")
		if n := postgrestest.Get[int](t, s.Database, "select count(*) from charges where lower(period) = '2026-04-01' and state <> 'void'"); n != 0 {
			t.Error("a month that the studio has given away would be charged")
		}
	})
	t.Run("and the refund that it would have asked for is nobody's question", func(t *testing.T) {
		t.Parallel()
		s := studio{billingtest.NewStudio(t)}
		ms, c := s.monthly(t)
		s.Execute(t, c)
		s.must(t, sqlCancelFrom, ms, "2026-03-15")
		if s.cases(t, "refund_due") != 1 {
			t.Fatal("half of a month that is paid is not given back")
		}
		if s.must(t, sqlWithdraw, ms); s.cases(t, "refund_due") != 0 {
			t.Fatal("the case stays")
		}
	})
}
