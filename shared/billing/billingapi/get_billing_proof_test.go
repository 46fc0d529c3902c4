package billingapi_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/shared/api/apitest"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/cardcom"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

type proofBody struct {
	Proven      bool
	Due         int          `json:"charges_due"`
	FirstTry    int          `json:"approved_first_try"`
	Declined    int          `json:"declined"`
	Unknown     int          `json:"unknown"`
	NotTried    int          `json:"not_tried"`
	Attempts    money.Agorot `json:"attempts_agorot"`
	Payments    money.Agorot `json:"payments_agorot"`
	Allocations money.Agorot `json:"allocations_agorot"`
	Ledger      money.Agorot `json:"ledger_agorot"`
	Provider    money.Agorot `json:"provider_agorot"`
	Differences []struct{ Kind, ID, Detail string }
	Nightly     *struct {
		State   string
		Tries   int
		TriedAt *time.Time `json:"tried_at"`
	}
}

// kinds is the differences' kinds, each once.
func (b proofBody) kinds() string {
	var kinds []string
	for _, d := range b.Differences {
		kinds = append(kinds, d.Kind)
	}
	slices.Sort(kinds)
	return strings.Join(slices.Compact(kinds), " ")
}

func proof(t testing.TB, c *apitest.Client, day time.Time) (b proofBody) {
	t.Helper()
	c.Get("/v1/billing/proof?day=" + day.Format(time.DateOnly)).Want(200).Into(&b)
	return b
}

func TestGetBillingProof(t *testing.T) {
	f := newFixture(t)
	m := f.memberWithCard(t, f.A)
	f.execute(t, f.A, f.charge(t, f.A, m, 24900, 0))
	f.execute(t, f.A, f.charge(t, f.A, m, 5000, 0))

	t.Run("a day whose charges were approved is proven, and every sum is the provider's", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager} {
			got := proof(t, f.A.As(t, role), billingtest.Start)
			if !got.Proven || got.Due != 2 || got.FirstTry != 2 {
				t.Fatalf("%s: %+v", role, got)
			}
			for _, sum := range []money.Agorot{got.Attempts, got.Payments, got.Allocations, got.Ledger, got.Provider} {
				if sum != 29900 {
					t.Fatalf("%s: %+v", role, got)
				}
			}
		}
	})
	t.Run("what a night's proof came to is told beside the present, and nothing before the first", func(t *testing.T) { // red without the row
		if got := proof(t, f.owner(t), billingtest.Start); got.Nightly != nil {
			t.Fatalf("%+v", got.Nightly)
		}
		f.Exec(t, "insert into day_proofs (org_id, day, state, tries, tried_at) values ($1, $2, 'differs', 2, now())", f.A.Org, billingtest.Start)
		if got := proof(t, f.owner(t), billingtest.Start); got.Nightly == nil || got.Nightly.State != "differs" || got.Nightly.Tries != 2 || got.Nightly.TriedAt == nil || !got.Proven {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("the front desk, a coach, a member and a stranger may not read it", func(t *testing.T) {
		const path = "/v1/billing/proof?day=2026-03-01"
		refused(t, f.A, "GET", path, nil, tenancy.FrontDesk, tenancy.Coach)
		as(t, f.A, m).Get(path).Want(403, "auth.role_not_allowed")
		f.Anonymous(t).Get(path).Want(401)
	})
	t.Run("another studio's day holds nothing of it, and the provider is not asked", func(t *testing.T) {
		before := len(f.provider.asked)
		if got := proof(t, f.B.As(t, tenancy.Owner), billingtest.Start); !got.Proven || got.Due != 0 || got.Attempts != 0 || len(f.provider.asked) != before {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("a day that has not come, no day and what is none are refused", func(t *testing.T) {
		f.owner(t).Get("/v1/billing/proof?day=2026-03-02").Want(422, "billing.proof_day_ahead")
		f.owner(t).Get("/v1/billing/proof").Want(422, "request.invalid")
		f.owner(t).Get("/v1/billing/proof?day=2026-02-30").Want(422, "request.invalid")
	})
}

// planted is a fault in a day that was proven before it, and the differences that must tell of it.
type planted struct {
	// past is what a superuser does to the charge $1, with the triggers that would forbid it off.
	past string
	// listed is what the provider lists instead of its transactions.
	listed func(txn string, list []payment.Transaction) []payment.Transaction
	// unreachable is why it lists nothing.
	unreachable error
	want        string
}

const ofCharge = `(select p.id from payments p join payment_attempts a on a.id = p.attempt_id where a.charge_id = $1)`

var faults = map[string]planted{
	"a ledger line is missing": {want: "ledger_differs",
		past: `delete from ledger_lines where account = 'clearing_card' and entry_id in (select id from ledger_entries where payment_id in ` + ofCharge + `)`},
	"a ledger entry is missing": {want: "ledger_differs",
		past: `delete from ledger_entries where payment_id in ` + ofCharge},
	"a payment is missing": {want: "allocation_differs ledger_differs payment_differs",
		past: `delete from payments where id in ` + ofCharge},
	"an allocation is missing": {want: "allocation_differs paid_without_payment",
		past: `delete from allocations where charge_id = $1`},
	"a payment is of another amount": {want: "payment_differs",
		past: `update payments set amount = amount - 1 where id in ` + ofCharge},
	"an approved charge is due again": {want: "charge_not_paid",
		past: `update charges set state = 'due', paid_at = null where id = $1`},
	"the approval of a paid charge is gone": {want: "not_in_books payment_without_approval",
		past: `update payment_attempts set state = 'declined' where charge_id = $1`},
	"the provider does not list the transaction": {want: "not_at_provider",
		listed: func(txn string, list []payment.Transaction) []payment.Transaction {
			return slices.DeleteFunc(list, func(x payment.Transaction) bool { return x.ProviderTxn == txn })
		}},
	"the provider took another amount": {want: "amount_differs",
		listed: func(txn string, list []payment.Transaction) []payment.Transaction {
			for i := range list {
				if list[i].ProviderTxn == txn {
					list[i].Amount++
				}
			}
			return list
		}},
	"the provider took the money twice": {want: "listed_twice",
		listed: func(txn string, list []payment.Transaction) []payment.Transaction {
			return append(list, list[slices.IndexFunc(list, func(x payment.Transaction) bool { return x.ProviderTxn == txn })])
		}},
	"the provider took what nobody booked": {want: "not_in_books",
		listed: func(_ string, list []payment.Transaction) []payment.Transaction {
			return append(list, payment.Transaction{ProviderTxn: "999", Amount: 100})
		}},
	"the provider does not answer": {want: "provider_unreachable", unreachable: cardcom.ErrUnreachable},
}

func TestADayIsNotProven(t *testing.T) {
	for name, fault := range faults {
		t.Run("when "+name, func(t *testing.T) {
			f := newFixture(t)
			c := f.charge(t, f.A, f.memberWithCard(t, f.A), 24900, 0)
			f.execute(t, f.A, c)
			if got := proof(t, f.owner(t), billingtest.Start); !got.Proven {
				t.Fatalf("not proven before the fault: %+v", got)
			}
			f.plant(t, fault, c)
			got := proof(t, f.owner(t), billingtest.Start)
			if got.Proven || got.kinds() != fault.want {
				t.Fatalf("proven %t, differences %q, want %q: %+v", got.Proven, got.kinds(), fault.want, got.Differences)
			}
		})
	}
	t.Run("while an answer is lost, which is counted as unknown and not as declined", func(t *testing.T) {
		f := newFixture(t)
		f.answers(lost)
		f.execute(t, f.A, f.charge(t, f.A, f.memberWithCard(t, f.A), 24900, 0))
		got := proof(t, f.owner(t), billingtest.Start)
		if got.Proven || got.kinds() != "unanswered" || got.Unknown != 1 || got.Declined != 0 {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("while the provider has taken the money of a lost answer", func(t *testing.T) {
		f := newFixture(t)
		f.answers(lost)
		f.provider.Capture = true
		f.execute(t, f.A, f.charge(t, f.A, f.memberWithCard(t, f.A), 24900, 0))
		if got := proof(t, f.owner(t), billingtest.Start); got.Proven || got.kinds() != "not_in_books unanswered" {
			t.Fatalf("%+v", got)
		}
	})
}

// plant puts the fault into the day of charge c.
func (f *fixture) plant(t *testing.T, p planted, c id.Charge) {
	t.Helper()
	txn := postgrestest.Get[string](t, f.Database, "select provider_txn from payment_attempts where charge_id = $1", c)
	if p.past != "" {
		f.Exec(t, "set session_replication_role = replica")
		if n := f.Exec(t, p.past, c); n == 0 {
			t.Fatal("the fault changed nothing")
		}
		f.Exec(t, "set session_replication_role = origin")
	}
	f.provider.unreachable = p.unreachable
	if p.listed != nil {
		f.provider.listed = func(list []payment.Transaction) []payment.Transaction { return p.listed(txn, list) }
	}
}
