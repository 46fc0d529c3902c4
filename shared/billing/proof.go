package billing

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/obs"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Proof is the report that a day's charges were collected exactly once: FitKit's books agree with each other and with
// the provider's list, transaction by transaction.
type Proof struct {
	Day         civil.Date
	Charges     DayCharges
	Sums        DaySums
	Differences []Difference
	Nightly     *Nightly // nil when no night has found the day yet

	strays     []strays // the transactions behind not_in_books
	unread     bool     // a list was not read, so nobody knows what it would say
	refused    []gateway
	movesMoney bool
}

// Proven says that nothing was found that contradicts it and nothing is still unknown.
func (p Proof) Proven() bool { return len(p.Differences) == 0 }

// DayCharges is what became of the charges that fell due on the day; void ones are left out. The five parts add up to Due.
type DayCharges struct {
	Due        int
	FirstTry   int           // paid, and no attempt was declined
	Recovered  int           // paid after a decline
	Declined   int           // tried, not paid, nothing under way
	Unknown    int           // under way or without an answer
	NotTried   int           // the gateway is paused, no card is saved, or the job has not run yet
	UnknownAge time.Duration // of the oldest of the day's attempts without an answer, by business time
}

// DaySums is the money of the day's approved attempts in each place where it is written; they must be equal.
type DaySums struct {
	Approved                                          int // attempts
	Attempts, Payments, Allocations, Ledger, Provider money.Agorot
}

// Difference is something that keeps the day from being proven.
type Difference struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"` // of the attempt, charge or payment; the provider's own number for what only it knows
	Detail string `json:"detail"`
}

// Nightly is what the nights' proofs of a finished day have come to (proveday.go).
type Nightly struct {
	State   string // waiting, differs, proven or explained
	Tries   int
	TriedAt *time.Time // nil before the first
}

// ErrDayAhead refuses to prove a day that has not come.
var ErrDayAhead = fail.New(fail.Invalid, "billing.proof_day_ahead", "This day has not come yet. Choose today or an earlier day.",
	"יום זה טרם הגיע. בחרו את היום או יום מוקדם יותר.").WithFields(fail.At("query.day", "must not be in the future", "אינו יכול להיות בעתיד"))

// asking is which of a terminal's real days must be compared.
type asking struct {
	Terminal    string // that the day's attempts were made on
	Gateway     gateway
	Took        bool // an attempt on it was approved
	First, Last time.Time
}

// strays is what a terminal's list holds of a day that no approved attempt owns.
type strays struct {
	Gateway  id.Gateway
	Terminal string
	Listed   []payment.Transaction
}

// listMargin is how far the provider's clock and ours may differ.
const listMargin = 5 * time.Minute

// Proof proves one local business day. It only reads: the books first, then the provider without a transaction open,
// then who owns what the provider listed. A provider that does not answer leaves the day unproven. Error: ErrDayAhead.
func (s *Collector) Proof(ctx context.Context, c tenancy.Caller, day civil.Date) (Proof, error) {
	books, err := s.readBooks(ctx, c, day)
	if err != nil {
		return Proof{}, fail.Wrap(err, "read the books of %s", day)
	}
	p := Proof{Day: day, Charges: books.charges, Sums: books.sums(), Nightly: books.nightly,
		Differences: append(books.differences(), books.oddities...), movesMoney: len(books.asking) == 0}
	for _, a := range books.asking {
		terminal, err := strconv.Atoi(a.Terminal)
		p.movesMoney = p.movesMoney || err != nil || s.provider.MovesMoney(terminal)
		if a.Terminal != a.Gateway.Terminal {
			p.unread = true
			if a.Took { // what was refused there moved nothing, and what has no answer yet keeps the day by itself
				p.Differences = append(p.Differences, Difference{"terminal_replaced", a.Gateway.ID.String(),
					"terminal " + a.Terminal + " took the charges and is connected no more; compare them with its list at the provider"})
			}
			continue
		}
		listed, err := s.listOf(ctx, a)
		if err != nil {
			p.unread = true
			if errors.Is(err, payment.ErrCredentials) {
				p.refused = append(p.refused, a.Gateway)
			}
			obs.Add(ctx, "list", fail.From(err).Code)
			p.Differences = append(p.Differences, Difference{"provider_unreachable", a.Gateway.ID.String(), "the provider's list could not be read: " + fail.From(err).Code})
			continue
		}
		owners, err := s.owners(ctx, c, a.Gateway.ID, listed)
		if err != nil {
			return p, err
		}
		sum, found, nobodys := compare(books.approvedAt(a), listed, owners, s.provider.Shared(terminal))
		p.Sums.Provider += sum
		p.Differences = append(p.Differences, found...)
		if len(nobodys) > 0 {
			p.strays = append(p.strays, strays{a.Gateway.ID, a.Terminal, nobodys})
		}
	}
	return p, nil
}

// listLeaves is what a list that takes too long leaves of the time there is, to say so in; a quarter of it where there is little.
const listLeaves = 5 * time.Second

func (s *Collector) listOf(ctx context.Context, a asking) ([]payment.Transaction, error) {
	creds, err := a.Gateway.credentials(s.ring)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-min(listLeaves, time.Until(deadline)/4)))
		defer cancel()
	}
	return s.provider.List(ctx, creds, a.First.Add(-listMargin), a.Last.Add(listMargin))
}

const sqlOwners = `
select provider_txn, amount from payment_attempts
where org_id = app.org() and gateway_id = $1 and state = 'approved' and provider_txn = any($2)`

// owners is the listed transactions that approved attempts own, of whatever day, with the amount each was for.
func (s *Collector) owners(ctx context.Context, c tenancy.Caller, gateway id.Gateway, listed []payment.Transaction) (map[string]money.Agorot, error) {
	txns := make([]string, len(listed))
	for i, t := range listed {
		txns[i] = t.ProviderTxn
	}
	owners := map[string]money.Agorot{}
	b := &postgres.Batch{}
	b.Queue(sqlOwners, gateway, txns).Query(func(rows pgx.Rows) error {
		var txn string
		var amount money.Agorot
		_, err := pgx.ForEachRow(rows, []any{&txn, &amount}, func() error {
			owners[txn] = amount
			return nil
		})
		return err
	})
	_, err := s.db.ReadInOrg(ctx, c, b)
	return owners, fail.Wrap(err, "read who owns the provider's transactions")
}

// compare matches the day's approved attempts and the provider's list both ways, by transaction and amount, and sums
// what the provider has of the day's. Refunds are another matter and are left out. On a shared terminal what nobody owns is a stranger's.
func compare(approved []bookedAttempt, listed []payment.Transaction, owners map[string]money.Agorot, shared bool) (
	sum money.Agorot, found []Difference, nobodys []payment.Transaction) {
	at := map[string]money.Agorot{}
	for _, t := range listed {
		amount, owned := owners[t.ProviderTxn]
		if t.Refund || shared && !owned {
			continue
		}
		_, twice := at[t.ProviderTxn]
		if twice {
			found = append(found, Difference{"listed_twice", t.ProviderTxn, "the provider lists it more than once"})
		}
		at[t.ProviderTxn] = t.Amount
		switch {
		case !owned && (t.Foreign || twice): // FitKit charges shekels; what the studio took in another currency is its own
		case !owned:
			nobodys = append(nobodys, t)
			found = append(found, Difference{"not_in_books", t.ProviderTxn, fmt.Sprintf("the provider took %s, and no approved attempt owns it", t.Amount)})
		case t.Foreign:
			found = append(found, Difference{"currency_differs", t.ProviderTxn, fmt.Sprintf("the provider took another currency than the attempt's %s", amount)})
		case amount != t.Amount:
			found = append(found, Difference{"amount_differs", t.ProviderTxn, fmt.Sprintf("the provider took %s, the attempt was for %s", t.Amount, amount)})
		}
	}
	for _, a := range approved {
		amount, listed := at[a.Txn]
		if !listed {
			found = append(found, Difference{"not_at_provider", a.ID.String(), fmt.Sprintf("approved as %s for %s, and the provider does not list it", a.Txn, a.Amount)})
		}
		sum += amount
	}
	return sum, found, nobodys
}
