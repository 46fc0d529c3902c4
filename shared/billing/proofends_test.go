package billing_test

import (
	"errors"
	"strings"
	"testing"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// A proof must come to an end for everybody: the days here are those that once could not.

// on is a studio in the night after theDay, on which a charge was approved on the terminal.
func on(t *testing.T, terminal string) studio {
	t.Helper()
	s := studio{billingtest.NewStudio(t)}
	s.Exec(t, "update gateways set terminal = $1", terminal)
	s.Execute(t, s.Charge(t, s.Member(t), 24900))
	s.SetNow(t, night)
	return s
}

// TestASharedTerminalHoldsWhatStrangersTook has been seen red with every transaction of its list asked about, and with its list not read.
func TestASharedTerminalHoldsWhatStrangersTook(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ terminal, want, without string }{
		"everybody's": {"2000", "proven after 1", "differs after 1, 1 not_at_provider open"},
		"the studio's own": {"1000", "differs after 1, 1 listed_twice open, 1 not_in_books open",
			"differs after 1, 1 listed_twice open, 1 not_at_provider open, 1 not_in_books open"},
	} {
		for lost, want := range map[bool]string{false: tc.want, true: tc.without} {
			s := on(t, tc.terminal)
			if lost {
				clear(s.Provider.Booked)
			}
			for _, key := range []string{theirs, theirs + " again", "another"} {
				s.Provider.Booked[key] = payment.Transaction{ProviderTxn: strings.TrimSuffix(key, " again"), Amount: 100}
			}
			s.tonight(t)
			s.wantKept(t, name, want)
		}
	}
}

// TestADayOfATestTerminalIsMarked: red with the mark not taken from the terminals, and with every terminal taken for a test.
func TestADayOfATestTerminalIsMarked(t *testing.T) {
	t.Parallel()
	for terminal, want := range map[string]bool{"2000": false, "123456": true} {
		s := on(t, terminal)
		s.tonight(t)
		if got := postgrestest.Get[bool](t, s.Database, "select (figures->>'moves_money')::boolean from day_proofs"); got != want {
			t.Errorf("terminal %s moves money: %t", terminal, got)
		}
	}
}

// TestWhatNobodyOwnsIsOneQuestionADay has been seen red with a question for each, without the mark, and with an open question kept that says
// something else by now.
func TestWhatNobodyOwnsIsOneQuestionADay(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	for i := range 25 {
		s.Provider.Booked[theirs+string(rune('a'+i))] = payment.Transaction{ProviderTxn: "9" + string(rune('a'+i)), Amount: 100}
	}
	s.tonight(t)
	s.wantKept(t, "25 sales at the desk", "differs after 1, 1 not_in_books open")
	text := postgrestest.Get[string](t, s.Database, "select detail from money_cases where state = 'open'")
	const want = "terminal 1000 took what no approved attempt owns, 25.00 in all, in transactions numbering 25: 9a of 1.00, 9b of 1.00, "
	if !strings.HasPrefix(text, want) || !strings.Contains(text, "9t of 1.00 and 5 more (mark ") || strings.Contains(text, "9u") {
		t.Errorf("the question is %q", text)
	}
	last := theirs + "y"
	s.Provider.Booked[last] = payment.Transaction{ProviderTxn: "9z", Amount: 100}
	s.tonight(t)
	s.wantKept(t, "another took the place of one that is not named", "differs after 2, 1 not_in_books closed, 1 not_in_books open")
	s.answer(t)
	s.tonight(t)
	s.wantKept(t, "answered", "explained after 3, 2 not_in_books closed")
	if n := postgrestest.Get[int](t, s.Database, "select jsonb_array_length(differences) from day_proofs"); n != 25 {
		t.Errorf("the day's row tells of %d transactions", n)
	}
}

// answer is a person closing every case that may be closed by hand.
func (s studio) answer(t *testing.T) {
	t.Helper()
	s.Exec(t, "update money_cases set state = 'closed', closed_at = now() where state = 'open' and subject is not null")
}

// TestAnotherTerminalAnswersNothingOfTheFirst has been seen red with the cases of the first terminal's list closed as if they were gone, with
// the day explained beside them, and with what our own books told left open though it was put right.
func TestAnotherTerminalAnswersNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	s, c := proven(t)
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100}
	s.Exec(t, "set session_replication_role = replica")
	s.Exec(t, "update charges set state = 'due', paid_at = null where id = $1", c)
	s.tonight(t)
	s.wantKept(t, "before", "differs after 1, 1 charge_not_paid open, 1 not_in_books open")
	s.Exec(t, "update charges set state = 'paid', paid_at = (select business_at from payment_attempts) where id = $1", c)
	s.Exec(t, "set session_replication_role = origin")
	if err := s.connectTo(billingtest.Terminal + 1); err != nil {
		t.Fatal(err)
	}
	s.tonight(t)
	s.wantKept(t, "another terminal", "differs after 2, 1 charge_not_paid closed, 1 not_in_books open, 1 terminal_replaced open")
	s.Exec(t, "update money_cases set state = 'closed', closed_at = now() where kind = 'terminal_replaced'")
	s.tonight(t)
	s.wantKept(t, "with one of two answered", "differs after 3, 1 charge_not_paid closed, 1 not_in_books open, 1 terminal_replaced closed")
	s.answer(t)
	s.tonight(t)
	s.wantKept(t, "with both answered", "explained after 4, 1 charge_not_paid closed, 1 not_in_books closed, 1 terminal_replaced closed")
}

// TestATerminalThatTookNothingLeavesNoQuestion: red with a case whatever became of its attempts, and with its list's case closed unread.
func TestATerminalThatTookNothingLeavesNoQuestion(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return soft }
	s.Execute(t, s.Charge(t, s.Member(t), 24900))
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100}
	s.SetNow(t, night)
	s.tonight(t)
	if err := s.connectTo(billingtest.Terminal + 1); err != nil {
		t.Fatal(err)
	}
	s.tonight(t)
	s.wantKept(t, "what its list told is still asked", "differs after 2, 1 not_in_books open")
	s.answer(t)
	s.tonight(t)
	s.wantKept(t, "answered", "proven after 3, 1 not_in_books closed")
}

// TestAListThatNoNightReadsIsAPersonsQuestion has been seen red without the case, with nights counted that read the list in between, and
// with a day that waits beside its case.
func TestAListThatNoNightReadsIsAPersonsQuestion(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100}
	nights := func(n int, err error) {
		s.Provider.ListErr = err
		for range n {
			s.tonight(t)
		}
	}
	nights(5, errors.New("no answer"))
	nights(1, nil)
	nights(6, errors.New("no answer"))
	s.wantKept(t, "six nights in a row", "waiting after 12, 1 not_in_books open")
	nights(1, errors.New("no answer"))
	s.wantKept(t, "the seventh", "differs after 13, 1 list_unread open, 1 not_in_books open")
	nights(1, payment.ErrCredentials)
	s.wantKept(t, "the eighth, for another reason", "differs after 14, 1 list_unread open, 1 not_in_books open")
	nights(1, nil)
	s.wantKept(t, "it is read after all", "differs after 15, 1 list_unread closed, 1 not_in_books open")
	nights(7, errors.New("no answer"))
	s.answer(t)
	nights(1, errors.New("no answer"))
	s.wantKept(t, "a person has compared it", "explained after 23, 2 list_unread closed, 1 not_in_books closed")
}

// TestWhatMayYetBeAnAttemptsKeepsTheDayWaiting: the attempt is another day's. Red while the day differed and nobody was asked.
func TestWhatMayYetBeAnAttemptsKeepsTheDayWaiting(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	a := s.lost(t)
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100}
	s.tonight(t)
	s.wantKept(t, "while it is asked about", "waiting after 1")
	s.Exec(t, "update payment_attempts set next_lookup_at = null where id = $1", a) // a person is asked about it
	s.tonight(t)
	s.wantKept(t, "when nobody asks any more", "differs after 2, 1 not_in_books open")
}

// TestAnApprovalBetweenTwoReadingsKeepsTheDay holds the proof up while it reads what is approved, in its statement's snapshot, and has an
// attempt approved. Red with what has no answer read after that: the day was proven, with the attempt in neither reading.
func TestAnApprovalBetweenTwoReadingsKeepsTheDay(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	m := s.Member(t)
	s.Execute(t, s.Charge(t, m, 5000))
	s.Provider.Capture = true
	a := s.lost(t)
	s.SetNow(t, night)
	if _, err := billing.NewSweeper(s.System, s.DB).PlanProofs(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, `create function public.held_up() returns boolean language plpgsql as $$ begin
		if current_query() like '%p.ledger%' then perform pg_advisory_xact_lock_shared(11); end if; return true; end $$`)
	s.Exec(t, "create policy held_up on ledger_lines as restrictive for select to fitkit_app using (public.held_up())")
	s.Exec(t, "select pg_advisory_lock(11)")
	done := make(chan error, 1)
	go func() { done <- s.Collector.ProveDay(t.Context(), s.Caller, billing.ProveDay{Day: theDay}) }()
	for waits := false; !waits; {
		select {
		case err := <-done:
			t.Fatalf("it was not held up: %v", err)
		default:
		}
		waits = postgrestest.Get[bool](t, s.Database, `select exists (select from pg_locks where locktype = 'advisory' and objid = 11 and not granted
			and database = (select oid from pg_database where datname = current_database()))`)
	}
	if err := s.Collector.Resolve(t.Context(), s.Caller, billing.ResolveUnknown{AttemptID: a}); err != nil {
		t.Fatal(err)
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from payment_attempts where state = 'approved'"); n != 2 {
		t.Fatalf("%d attempts are approved", n)
	}
	s.Exec(t, "select pg_advisory_unlock(11)")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.wantKept(t, "with an attempt that was approved meanwhile", "waiting after 1")
	s.tonight(t)
	s.wantKept(t, "the night after", "proven after 2")
}

// TestAListRefusedAtNightPausesTheStudio has been seen red with the refusal taken for a provider that does not answer, with a reading of
// the proof that pauses, and with a deleted studio paused.
func TestAListRefusedAtNightPausesTheStudio(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	gateway := func() string {
		return postgrestest.Get[string](t, s.Database, `select g.state || ' ' || (o.charges_paused_at is not null)::text || ' ' ||
			(select count(*) from money_cases where kind = 'charges_paused' and state = 'open') from gateways g join orgs o on o.id = g.org_id`)
	}
	s.Provider.ListErr = payment.ErrCredentials
	if _, err := s.Collector.Proof(t.Context(), s.Caller, theDay); err != nil || gateway() != "active false 0" {
		t.Fatalf("who only looks: %v, %s", err, gateway())
	}
	s.Exec(t, "update orgs set status = 'deleted'")
	s.tonight(t)
	if got := gateway(); got != "active false 0" {
		t.Errorf("a deleted studio: %s", got)
	}
	s.Exec(t, "update orgs set status = 'active'")
	for range 2 {
		s.tonight(t)
		if got := gateway(); got != "misconfigured true 1" {
			t.Errorf("after a night: %s", got)
		}
	}
	s.wantKept(t, "and the day waits for it", "waiting after 3")
}
