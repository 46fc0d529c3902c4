package billing_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
)

// flow is one thing that billing writes.
type flow struct {
	// arrange makes a fresh subject and says how the flow is run on it, as often as one likes.
	arrange func(t *testing.T, s studio) (run func(context.Context) error, subject any)
	// done is true when the flow's whole effect is there; $1 is the subject.
	done string
	// job says that the flow ends its job in its own transaction.
	job bool
}

// attemptState is a flow's done: the attempt's state, its charge's, and one fact more.
func attemptState(attempt, charge, and string) string {
	return fmt.Sprintf(`select exists (select from payment_attempts a join charges c on c.id = a.charge_id
		where a.id = $1 and a.state = '%s' and c.state = '%s' and (%s))`, attempt, charge, and)
}

// sent arranges an attempt whose answer has come and is yet to be recorded.
func sent(o payment.Outcome) func(*testing.T, studio) (func(context.Context) error, any) {
	return func(t *testing.T, s studio) (func(context.Context) error, any) {
		s.Exec(t, "update gateways set state = 'active'")
		s.Exec(t, "update orgs set charges_paused_at = null")
		a := s.claimed(t)
		return func(ctx context.Context) error { return s.Collector.Record(ctx, s.Caller, a, o) }, a
	}
}

var (
	paid = payment.Outcome{State: payment.Paid, Code: "000", Amount: 24900}
	soft = payment.Outcome{State: payment.Declined, Code: "004"}
)

var flows = map[string]flow{
	"claim": {
		arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
			c := s.Charge(t, s.Member(t), 24900)
			return func(ctx context.Context) error { _, err := s.Collector.Claim(ctx, s.Caller, c); return err }, c
		},
		done: `select exists (select from charges c join payment_attempts a on a.charge_id = c.id where c.id = $1 and c.state = 'in_flight' and a.state = 'sent')`,
	},
	"record an approval": {job: true, arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
		o := paid
		o.ProviderTxn = id.New[id.Event]().String()
		return sent(o)(t, s)
	}, done: attemptState("approved", "paid", `(select sum(l.amount) from payments p join ledger_entries e on e.payment_id = p.id join ledger_lines l on l.entry_id = e.id
		where p.attempt_id = a.id and l.account = 'clearing_card') = 24900 and exists (select from allocations al where al.charge_id = c.id)`)},
	"record a soft decline": {job: true, arrange: sent(soft),
		done: attemptState("declined", "due", `exists (select from dunning_cases d where d.charge_id = c.id and d.state = 'open' and d.rung = 1)`)},
	"record a decline whose code is in no table": {job: true, arrange: sent(payment.Outcome{State: payment.Declined, Code: "399"}),
		done: attemptState("declined", "due", `exists (select from dunning_cases d where d.charge_id = c.id) and exists (select from money_cases m where m.attempt_id = a.id)`)},
	"record a misconfigured terminal": {job: true, arrange: sent(payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "603"}),
		done: attemptState("failed", "due", `exists (select from orgs where charges_paused_at is not null) and exists (select from gateways where state = 'misconfigured')`)},
	"record a lost answer": {job: true, arrange: sent(payment.Outcome{State: payment.Unknown, Code: "no_answer"}),
		done: attemptState("unknown", "in_flight", `exists (select from jobs j where j.queue = 'billing-resolve-unknown' and j.payload->>'attempt_id' = a.id::text)`)},
	"sweep": {
		arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
			s.Exec(t, "update payment_attempts set next_lookup_at = null") // those of the rounds before
			a := s.claimed(t)
			s.Exec(t, "update payment_attempts set lease_until = now() - interval '1 second' where id = $1", a)
			return func(ctx context.Context) error { _, err := s.Collector.SweepOrg(ctx, s.Caller); return err }, a
		},
		done: attemptState("unknown", "in_flight", `exists (select from jobs j where j.queue = 'billing-resolve-unknown' and j.payload->>'attempt_id' = a.id::text)`),
	},
	"take a rung": {job: true,
		arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
			record, a := sent(soft)(t, s)
			if err := record(context.Background()); err != nil {
				t.Fatal(err)
			}
			c := postgrestest.Get[id.DunningCase](t, s.Database, "update dunning_cases d set next_at = $2 from payment_attempts a where a.id = $1 and d.charge_id = a.charge_id returning d.id", a, billingtest.Start)
			return func(ctx context.Context) error {
				return s.Collector.RunDunningStep(ctx, s.Caller, billing.DunningStep{CaseID: c, Rung: 1})
			}, c
		},
		done: `select exists (select from dunning_cases d join dunning_steps st on st.case_id = d.id join jobs j on j.payload->>'charge_id' = d.charge_id::text
			where d.id = $1 and d.next_at is null)`,
	},
	"sell a membership": {
		arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
			m, plan := s.Member(t), s.upfrontPlan(t)
			sales := membership.NewSales(s.DB, charger{billing.NewStore(s.DB)})
			return func(ctx context.Context) error {
				_, err := sales.Sell(ctx, s.Caller, membership.Sale{MemberID: m, PlanID: plan, StartOn: civil.Date{Year: 2026, Month: time.March, Day: 1}, Price: 60000})
				return err
			}, m
		},
		done: `select (select count(*) from memberships m join charges c on c.membership_id = m.id join jobs j on j.payload->>'charge_id' = c.id::text where m.member_id = $1) = 1
			and exists (select from member_events e where e.member_id = $1)`,
	},
	"save a card": {
		arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
			record, a := sent(soft)(t, s)
			if err := record(context.Background()); err != nil {
				t.Fatal(err)
			}
			cs := s.openPage(t, postgrestest.Get[id.Member](t, s.Database, "select c.member_id from payment_attempts a join charges c on c.id = a.charge_id where a.id = $1", a))
			return func(ctx context.Context) error {
				return s.Collector.CheckCardSession(ctx, s.Caller, billing.ProcessInboxEvent{CardSessionID: cs})
			}, cs
		},
		done: `select exists (select from card_sessions s join payment_methods p on p.id = s.payment_method_id and p.is_default
			join charges c on c.member_id = s.member_id join jobs j on j.payload->>'charge_id' = c.id::text where s.id = $1 and s.state = 'saved')`,
	},
	"plan charges": {
		arrange: func(t *testing.T, s studio) (func(context.Context) error, any) {
			ms := s.Membership(t, s.Member(t), billingtest.Start, 24900)
			return func(ctx context.Context) error { _, err := s.Collector.PlanOrg(ctx, s.Caller); return err }, ms
		},
		done: `select exists (select from memberships m join billing_periods b on b.membership_id = m.id join charges c on c.membership_id = m.id
			join jobs j on j.payload->>'charge_id' = c.id::text where m.id = $1 and m.next_period = 1)`,
	},
}

// TestAStatementThatFailsLeavesNothingHalfWritten is T4 for billing's own methods, whose effect and the end of whose job are one
// (infra/midway does it to every function, through its edge): the k-th statement that changes data fails, each k in turn. The flow answers with an error or with its whole effect; after an error all tables
// are as before, or the effect is there as a whole; the same flow run again succeeds.
//
// It has been seen red with the end of its job in a transaction of its own after an approval, and with the attempt of a
// decline settled in one of its own.
func TestAStatementThatFailsLeavesNothingHalfWritten(t *testing.T) {
	t.Parallel()
	for name, f := range flows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := studio{billingtest.NewStudio(t)}
			faults := s.PlantFaults(t)
			k := 1
			for s.failAt(t, f, k, faults) {
				k++
			}
			if k < 2 {
				t.Fatal("no statement was made to fail")
			}
		})
	}
}

// failAt runs the flow with its k-th statement failing; false when it has fewer.
func (s studio) failAt(t *testing.T, f flow, k int, faults *postgrestest.Faults) bool {
	t.Helper()
	run, subject := f.arrange(t, s)
	job := id.New[id.Job]()
	s.Exec(t, "insert into jobs (id, org_id, queue, dedupe_key, payload) values ($1::uuid, $2, 'test', $1::uuid::text, '{}')", job, s.Org)
	truth := func() bool {
		return postgrestest.Get[bool](t, s.Database, f.done, subject) &&
			(!f.job || postgrestest.Get[bool](t, s.Database, "select state = 'done' from jobs where id = $1", job))
	}
	before := faults.Checksum(t)
	faults.At(t, k)
	err := run(queue.WithJob(context.Background(), job))
	passed := faults.Passed(t)
	faults.At(t, 0)
	switch whole := truth(); {
	case err == nil && !whole:
		t.Fatalf("statement %d failed, the flow reports success, and its effect is not there", k)
	case err != nil && !whole && faults.Checksum(t) != before:
		t.Fatalf("statement %d failed and left something half-written: %v", k, err)
	case err != nil:
		if err := run(queue.WithJob(context.Background(), job)); err != nil && !whole || !truth() {
			t.Fatalf("after statement %d failed, the repeat came to %v, effect %t", k, err, truth())
		}
	}
	return passed >= k
}

func (s studio) claimed(t *testing.T) id.Attempt {
	t.Helper()
	a, err := s.Collector.Claim(context.Background(), s.Caller, s.Charge(t, s.Member(t), 24900))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// openPage opens a hosted page on which the member then saves a card.
func (s studio) openPage(t *testing.T, m id.Member) id.CardSession {
	t.Helper()
	cs, err := s.Collector.OpenCardSession(context.Background(), s.Caller, m, billing.Pages{AppURL: "https://app.example", APIURL: "https://api.example"})
	if err != nil {
		t.Fatal(err)
	}
	ref := postgrestest.Get[string](t, s.Database, "select provider_ref from card_sessions where id = $1", cs.ID)
	s.Provider.Pages[ref] = payment.Outcome{State: payment.Saved, Card: &payment.SavedCard{Token: "saved", ExpMonth: 6, ExpYear: 2031, Last4: "4321"}}
	return cs.ID
}

// upfrontPlan is a published plan that is paid at once.
func (s studio) upfrontPlan(t *testing.T) id.Plan {
	t.Helper()
	plan := id.New[id.Plan]()
	s.Exec(t, `insert into plans (org_id, id, name, type, status) values ($1, $2, $3, 'pack', 'published')`, s.Org, plan, plan.String())
	s.Exec(t, `insert into plan_versions (org_id, id, plan_id, version, price, pay_mode, entries, validity_days, effective, published_at)
		values ($1, $2, $3, 1, 60000, 'upfront', 10, 90, '[2026-01-01,)', now())`, s.Org, id.New[id.PlanVersion](), plan)
	return plan
}

// charger joins a sale and its charge, as the function does.
type charger struct{ store *billing.Store }

func (c charger) CreateInTx(ctx context.Context, tx postgres.Tx, n membership.NewCharge) (id.Charge, error) {
	return c.store.CreateInTx(ctx, tx, billing.NewCharge(n))
}

func (c charger) PlanInTx(ctx context.Context, tx postgres.Tx, sold id.Membership) error {
	return c.store.PlanInTx(ctx, tx, sold)
}
