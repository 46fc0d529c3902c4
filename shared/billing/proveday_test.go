package billing_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// theirs is the key of a transaction that the studio took by itself.
const theirs = "theirs"

// theDay is the business day of billingtest.Start; night is in the night after it.
var (
	theDay = civil.New(2026, 3, 1)
	night  = billingtest.Start.Add(20 * time.Hour)
)

// proven is a studio with a charge approved on theDay, in the night after it.
func proven(t *testing.T) (studio, id.Charge) {
	t.Helper()
	s := studio{billingtest.NewStudio(t)}
	c := s.Charge(t, s.Member(t), 24900)
	s.Execute(t, c)
	s.SetNow(t, night)
	return s, c
}

// tonight plans and proves as the next night would: the job's key is another then.
func (s studio) tonight(t *testing.T) {
	t.Helper()
	s.Exec(t, "update jobs set dedupe_key = dedupe_key || ' before ' || id where queue = 'billing-prove-day'")
	if _, err := billing.NewSweeper(s.System, s.DB).PlanProofs(context.Background()); err != nil {
		t.Fatal(err)
	}
	days := postgrestest.Get[[]time.Time](t, s.Database, `select coalesce(array_agg((payload->>'day')::date order by payload->>'day'), '{}') from jobs
		where queue = 'billing-prove-day' and dedupe_key not like '% before %'`)
	for _, day := range days {
		s.prove(t, civil.New(day.Year(), day.Month(), day.Day()))
	}
}

func (s studio) prove(t *testing.T, day civil.Date) {
	t.Helper()
	if err := s.Collector.ProveDay(context.Background(), s.Caller, billing.ProveDay{Day: day}); err != nil {
		t.Fatal(err)
	}
}

// kept is what is kept of theDay, and the cases that its proofs have opened: of each kind and state, how many.
func (s studio) kept(t *testing.T) string {
	t.Helper()
	return postgrestest.Get[string](t, s.Database, `select coalesce((select state || ' after ' || tries from day_proofs where day = $1), 'nothing')
		|| coalesce((select string_agg(', ' || n || ' ' || kind || ' ' || state, '' order by kind, state)
			from (select kind, state, count(*) as n from money_cases where subject is not null group by kind, state) k), '')`, theDay)
}

func (s studio) wantKept(t *testing.T, when, want string) {
	t.Helper()
	if got := s.kept(t); got != want {
		t.Fatalf("%s: %s, want %s", when, got, want)
	}
}

// TestAFinishedDayIsProvenOnce has been seen red with a schedule that plans proven days too, and with one that takes the running day.
func TestAFinishedDayIsProvenOnce(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	s.SetNow(t, billingtest.Start.Add(2*time.Hour))
	s.tonight(t)
	s.wantKept(t, "on the day itself", "nothing")
	s.prove(t, theDay)
	s.wantKept(t, "by a message that no schedule sent", "nothing")
	s.SetNow(t, night)
	s.tonight(t)
	s.wantKept(t, "in the night after it", "proven after 1")
	if sum := postgrestest.Get[string](t, s.Database, "select figures->>'provider_agorot' || ' ' || (figures->>'approved_attempts') from day_proofs"); sum != "24900 1" {
		t.Errorf("kept %s", sum)
	}
	s.tonight(t)
	s.prove(t, theDay)
	s.wantKept(t, "in the night after that, and by a message that comes again", "proven after 1")
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-prove-day'"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from day_proofs"); n != 1 {
		t.Errorf("%d days, want the one on which anything happened", n)
	}
}

// TestANightPlansADayOnce has been seen red with the job's time in its key.
func TestANightPlansADayOnce(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	for range 2 {
		n, err := billing.NewSweeper(s.System, s.DB).PlanProofs(context.Background())
		if err != nil || n != 1 {
			t.Fatalf("%d days, %v", n, err)
		}
	}
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from jobs where queue = 'billing-prove-day'"); n != 1 {
		t.Errorf("%d jobs of one night", n)
	}
}

// TestWhatDiffersIsAPersonsQuestionOnce has been seen red without the look for open and closed cases, without the closing of what is
// gone, and with a day counted as explained while a case of it is open.
func TestWhatDiffersIsAPersonsQuestionOnce(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100}
	s.Exec(t, "set session_replication_role = replica")
	s.Exec(t, "delete from ledger_entries")
	s.Exec(t, "set session_replication_role = origin")
	s.tonight(t)
	s.wantKept(t, "the first night", "differs after 1, 1 ledger_differs open, 1 not_in_books open")
	s.tonight(t)
	s.wantKept(t, "the second night", "differs after 2, 1 ledger_differs open, 1 not_in_books open")

	s.Exec(t, "update money_cases set state = 'closed', closed_at = now() where kind = 'not_in_books'") // by the person
	s.tonight(t)
	s.wantKept(t, "with one answered", "differs after 3, 1 ledger_differs open, 1 not_in_books closed")
	s.Exec(t, "update money_cases set state = 'closed', closed_at = now() where kind = 'ledger_differs'")
	s.tonight(t)
	s.wantKept(t, "with both answered", "explained after 4, 1 ledger_differs closed, 1 not_in_books closed")
	s.tonight(t)
	s.wantKept(t, "an explained day is not tried again", "explained after 4, 1 ledger_differs closed, 1 not_in_books closed")
}

// TestADayThatWentVeryWrongAsksAFewHundredQuestionsANight has been seen red while open cases took the place of new ones, and with a
// transaction that is listed three times asked about twice.
func TestADayThatWentVeryWrongAsksAFewHundredQuestionsANight(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	for n := range 250 {
		for _, again := range []string{"a", "b"} {
			s.Provider.Booked[theirs+strconv.Itoa(n)+again] = payment.Transaction{ProviderTxn: strconv.Itoa(n), Amount: 100, Foreign: true}
		}
	}
	s.tonight(t)
	s.wantKept(t, "the first night", "differs after 1, 200 listed_twice open")
	s.tonight(t)
	s.wantKept(t, "the second night", "differs after 2, 250 listed_twice open")
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "7", Amount: 100, Foreign: true}
	s.tonight(t)
	s.wantKept(t, "listed three times", "differs after 3, 250 listed_twice open")
}

// tookMore is the provider saying that it took an agora more of the studio's only charge.
func (s studio) tookMore() {
	for key, txn := range s.Provider.Booked {
		if key != theirs {
			txn.Amount++
			s.Provider.Booked[key] = txn
		}
	}
}

// TestAnotherSumIsAnotherFinding has been seen red while a closed case covered its transaction for good.
func TestAnotherSumIsAnotherFinding(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100} // nobody's, so the day is tried on
	s.tookMore()
	s.tonight(t)
	s.Exec(t, "update money_cases set state = 'closed', closed_at = now() where kind = 'amount_differs'")
	s.tonight(t)
	s.wantKept(t, "the same sum", "differs after 2, 1 amount_differs closed, 1 not_in_books open")
	s.tookMore()
	s.tonight(t)
	s.wantKept(t, "another sum", "differs after 3, 1 amount_differs closed, 1 amount_differs open, 1 not_in_books open")
}

// TestWhatIsFoundNoMoreClosesItself has been seen red without the closing, and with the reopening left to what a person had closed.
func TestWhatIsFoundNoMoreClosesItself(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	s.Exec(t, "insert into money_cases (org_id, kind, detail) values ($1, 'unmapped_code', 'x')", s.Org) // no proof's
	nobodys := payment.Transaction{ProviderTxn: "999", Amount: 100}
	other := payment.Transaction{ProviderTxn: "998", Amount: 100}
	s.Provider.Booked[theirs], s.Provider.Booked["other"] = nobodys, other
	s.tonight(t)
	delete(s.Provider.Booked, theirs)
	s.tonight(t)
	s.wantKept(t, "one is gone", "differs after 2, 1 not_in_books closed, 1 not_in_books open")
	s.Provider.Booked[theirs] = nobodys
	s.tonight(t)
	s.wantKept(t, "it came back", "differs after 3, 2 not_in_books closed, 1 not_in_books open")
	delete(s.Provider.Booked, theirs)
	delete(s.Provider.Booked, "other")
	s.tonight(t)
	s.wantKept(t, "all are gone", "proven after 4, 3 not_in_books closed")
	if n := postgrestest.Get[int](t, s.Database, "select count(*) from money_cases where state = 'open'"); n != 1 {
		t.Errorf("%d cases open, want the one that no proof opened", n)
	}
}

// TestAProviderThatDoesNotAnswerIsAskedTheNextNight has been seen red with an unread list taken for an empty one, and with a case for it.
func TestAProviderThatDoesNotAnswerIsAskedTheNextNight(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	s.Provider.Booked[theirs] = payment.Transaction{ProviderTxn: "999", Amount: 100}
	s.tonight(t)
	s.Provider.ListErr = errors.New("no answer")
	s.tonight(t)
	s.wantKept(t, "without an answer", "waiting after 2, 1 not_in_books open")
	delete(s.Provider.Booked, theirs)
	s.Provider.ListErr = nil
	s.tonight(t)
	s.wantKept(t, "the night after", "proven after 3, 1 not_in_books closed")
}

// TestAListThatTakesTooLongIsKeptAsUnread: the job ends in time to say so, rather than to be given up. Red with the list's time as long as the job's.
func TestAListThatTakesTooLongIsKeptAsUnread(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	if _, err := billing.NewSweeper(s.System, s.DB).PlanProofs(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.Provider.ListSlow = true
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
	defer cancel()
	if err := s.Collector.ProveDay(ctx, s.Caller, billing.ProveDay{Day: theDay}); err != nil {
		t.Fatal(err)
	}
	s.wantKept(t, "in the time there is", "waiting after 1")
}

// TestALostAnswerIsNoCaseOfItsDay: its look-ups go on, and what the provider took may be its. Red with a case as soon as nobody owns it.
func TestALostAnswerIsNoCaseOfItsDay(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.Provider.Answer = func(payment.ChargeRequest) payment.Outcome { return payment.Outcome{Code: "no_answer"} }
	s.Provider.Capture = true
	s.Execute(t, s.Charge(t, s.Member(t), 24900))
	s.SetNow(t, night)
	s.tonight(t)
	s.wantKept(t, "while it is asked about", "waiting after 1")
	attempt := postgrestest.Get[id.Attempt](t, s.Database, "select id from payment_attempts")
	if err := s.Collector.Resolve(context.Background(), s.Caller, billing.ResolveUnknown{AttemptID: attempt}); err != nil {
		t.Fatal(err)
	}
	s.tonight(t)
	s.wantKept(t, "once it is found", "proven after 2")
}

// TestADayThatStaysUnprovenIsCounted has been seen red with the limit at a day, and with test studios, deleted ones and test terminals counted.
func TestADayThatStaysUnprovenIsCounted(t *testing.T) {
	t.Parallel()
	s, _ := proven(t)
	late := func() int {
		n, err := billing.NewSweeper(s.System, s.DB).UnprovenDays(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	s.Exec(t, `insert into day_proofs (org_id, day) select id, (now() at time zone tz)::date - n from orgs, unnest(array[2, 3]) n`)
	if n := late(); n != 0 {
		t.Errorf("%d days of a test studio", n)
	}
	s.Exec(t, "update orgs set test_mode = false, test_now = null")
	if n := late(); n != 1 {
		t.Errorf("%d days, want the one that ended two days ago and not the one that ended yesterday", n)
	}
	s.Exec(t, "update orgs set status = 'deleted'")
	if n := late(); n != 0 {
		t.Errorf("%d days of a studio that is deleted", n)
	}
	s.Exec(t, "update orgs set status = 'active'")
	s.Exec(t, `update day_proofs set figures = '{"moves_money": false}'`)
	if n := late(); n != 0 {
		t.Errorf("%d days of a test terminal", n)
	}
	s.Exec(t, "update day_proofs set figures = '{}'")
	s.Exec(t, "update day_proofs set state = 'proven', tries = 1, tried_at = now()")
	if n := late(); n != 0 {
		t.Errorf("%d days though all are proven", n)
	}
}
