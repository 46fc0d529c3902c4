package billingapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Prover is what GetBillingProof needs.
type Prover interface {
	Proof(ctx context.Context, c tenancy.Caller, day civil.Date) (billing.Proof, error)
}

// GetBillingProofOp declares GET /v1/billing/proof.
var GetBillingProofOp = api.Op{
	Name: "api-billing-get-billing-proof", Method: api.GET, Path: "/v1/billing/proof",
	Summary: "Prove that a day's charges were collected exactly once, against the provider's own list",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager},
	Errors:  []*fail.Error{billing.ErrDayAhead},
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom},

	PerMinute: 120, // each asks the provider for its list
}

type getBillingProofInput struct {
	Day civil.Date `query:"day" required:"true" format:"date" doc:"A day of the studio's time zone, today or earlier"`
}

type differenceOutput struct {
	Kind   string `json:"kind" doc:"not_at_provider, not_in_books, amount_differs, currency_differs, listed_twice, payment_differs, allocation_differs, ledger_differs, charge_not_paid, payment_without_approval, paid_without_payment, entry_without_payment, unanswered, terminal_replaced or provider_unreachable"`
	ID     string `json:"id" doc:"Of the attempt, charge, payment or gateway; the provider's own number of what only it knows"`
	Detail string `json:"detail"`
}

type nightlyOutput struct {
	State   string     `json:"state" enum:"waiting,differs,proven,explained" doc:"waiting: not tried, or something has no answer yet; differs: a person's question; explained: a person has answered all of them"`
	Tries   int        `json:"tries"`
	TriedAt *time.Time `json:"tried_at,omitempty"`
}

type proofOutput struct {
	Day                civil.Date         `json:"day" format:"date"`
	Proven             bool               `json:"proven" doc:"Nothing differs and nothing is unanswered"`
	ChargesDue         int                `json:"charges_due" doc:"Fell due on the day and are not void; the five counts below add up to it"`
	FirstTry           int                `json:"approved_first_try"`
	Recovered          int                `json:"recovered" doc:"Paid after a decline"`
	Declined           int                `json:"declined" doc:"Tried and unpaid"`
	Unknown            int                `json:"unknown" doc:"Under way, or the answer was lost and is being asked for"`
	NotTried           int                `json:"not_tried"`
	OldestUnknown      int                `json:"oldest_unknown_seconds" doc:"Age of the day's oldest attempt without an answer; 0 when there is none"`
	Approved           int                `json:"approved_attempts" doc:"Attempts of the day, whenever their charges fell due; the sums below are theirs"`
	Attempts           money.Agorot       `json:"attempts_agorot"`
	Payments           money.Agorot       `json:"payments_agorot"`
	Allocations        money.Agorot       `json:"allocations_agorot"`
	Ledger             money.Agorot       `json:"ledger_agorot"`
	Provider           money.Agorot       `json:"provider_agorot"`
	DifferencesInTotal int                `json:"differences_total"`
	Differences        []differenceOutput `json:"differences" nullable:"false" doc:"The first 500"`
	Nightly            *nightlyOutput     `json:"nightly,omitempty" doc:"What the proofs that FitKit makes by itself, each night after a day until it is proven, came to; absent before the first"`
}

// maxDifferences keeps the answer of a day that went very wrong within what a gateway passes on.
const maxDifferences = 500

// GetBillingProof proves a day.
func GetBillingProof(p Prover) api.Endpoint {
	return api.New(GetBillingProofOp, func(ctx context.Context, c api.Caller, in *getBillingProofInput) (*proofOutput, error) {
		proof, err := p.Proof(ctx, c, in.Day)
		if err != nil {
			return nil, err
		}
		return newProofOutput(proof), nil
	})
}

func newProofOutput(p billing.Proof) *proofOutput {
	out := &proofOutput{Day: p.Day, Proven: p.Proven(), ChargesDue: p.Charges.Due, FirstTry: p.Charges.FirstTry, Recovered: p.Charges.Recovered,
		Declined: p.Charges.Declined, Unknown: p.Charges.Unknown, NotTried: p.Charges.NotTried, OldestUnknown: int(p.Charges.UnknownAge / time.Second),
		Approved: p.Sums.Approved, Attempts: p.Sums.Attempts, Payments: p.Sums.Payments, Allocations: p.Sums.Allocations, Ledger: p.Sums.Ledger,
		Provider: p.Sums.Provider, DifferencesInTotal: len(p.Differences), Differences: []differenceOutput{}}
	for _, d := range p.Differences[:min(len(p.Differences), maxDifferences)] {
		out.Differences = append(out.Differences, differenceOutput(d))
	}
	if n := p.Nightly; n != nil {
		out.Nightly = &nightlyOutput{n.State, n.Tries, inUTC(n.TriedAt)}
	}
	return out
}
