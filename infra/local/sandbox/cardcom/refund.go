package main

import (
	"fmt"
	"net/http"
	"time"

	"fitkit/infra/local/sandbox/internal/journal"
)

// refundRequest is the part of RefundByTransactionIdReq that the sandbox acts on.
type refundRequest struct {
	APIName              string `json:"ApiName"`
	APIPassword          string `json:"ApiPassword"`
	TransactionID        int64  `json:"TransactionId"`
	PartialSum           *shekels
	CancelOnly           bool
	AllowMultipleRefunds bool
}

type refundResponse struct {
	result
	NewTranzactionID *int64 `json:"NewTranzactionId"`
}

// refund gives money back. It has no idempotency key, as the vendor's: two calls are two refunds.
func (s *server) refund(_ *http.Request, in refundRequest) reply {
	mine := s.book.authenticate(credentials{Name: in.APIName, Password: in.APIPassword, WithPassword: true})
	if len(mine) == 0 {
		return unauthorized()
	}
	id, refusal, err := s.book.refund(in, mine, s.now())
	switch {
	case err != nil:
		return failure(err)
	case refusal != "":
		return refuse(codeRefund, "%s", refusal)
	}
	return ok(refundResponse{result: result{0, "OK"}, NewTranzactionID: &id})
}

func (l *ledger) refund(in refundRequest, mine map[int]bool, now time.Time) (id int64, refusal string, err error) {
	id, commit, refusal, err := l.bookRefund(in, mine, now)
	if err != nil || refusal != "" {
		return 0, refusal, err
	}
	if err := commit.Wait(); err != nil {
		return 0, "", fmt.Errorf("keep refund: %w", err)
	}
	return id, "", nil
}

func (l *ledger) bookRefund(in refundRequest, mine map[int]bool, now time.Time) (int64, *journal.Commit, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	original := l.byID[in.TransactionID]
	if original == nil || !mine[original.Terminal] || !original.captured() {
		return 0, nil, "No charge with this TransactionId", nil
	}
	sum := original.Amount
	if in.PartialSum != nil {
		sum = agorot(*in.PartialSum)
	}
	if refusal := in.refusal(*original, sum, now); refusal != "" {
		return 0, nil, refusal, nil
	}
	t := tran{
		ID: l.nextID(), Kind: kindRefund, Token: original.Token, Amount: sum, Terminal: original.Terminal, At: now,
		Coin: original.Coin, Last4: original.Last4, ExpMonth: original.ExpMonth, ExpYear: original.ExpYear, RefundOf: original.ID,
	}
	commit, err := l.put(event{Tran: &t})
	return t.ID, commit, "", err
}

// refusal says why a refund of sum is not possible, or "".
func (in refundRequest) refusal(original tran, sum agorot, now time.Time) string {
	sameDay := now.In(israel).Format(time.DateOnly) == original.At.In(israel).Format(time.DateOnly)
	repeated := sum != original.Amount || original.Refunded > 0
	switch {
	case in.CancelOnly && !sameDay:
		return "The charge was deposited and cannot be cancelled"
	case sum <= 0 || original.Refunded+sum > original.Amount:
		return "The sum is more than what is left of the charge"
	case repeated && !in.AllowMultipleRefunds:
		return "Partial or repeated refunds need AllowMultipleRefunds"
	}
	return ""
}
