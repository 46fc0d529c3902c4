package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// resultRequest is GetLowProfileResult.
type resultRequest struct {
	TerminalNumber int
	APIName        string `json:"ApiName"`
	LowProfileID   string `json:"LowProfileId"`
}

// lowProfileResult is the answer of GetLpResult and the body of the webhook.
type lowProfileResult struct {
	result
	TerminalNumber            int
	LowProfileID              string `json:"LowProfileId"`
	TranzactionID             int64  `json:"TranzactionId"`
	ReturnValue               string
	Operation                 string
	UIValues                  *uiValues
	DocumentInfo              *documentInfo
	TokenInfo                 *tokenInfo
	SuspendedInfo             *struct{}
	TranzactionInfo           *transactionInfo
	ExternalPaymentVector     string
	IssuerAuthCodeDescription *string
}

// uiValues is what the payer typed; the year has two digits here and four in tokenInfo.
type uiValues struct {
	CardOwnerEmail          string
	CardOwnerName           string
	CardOwnerPhone          string
	CardOwnerIdentityNumber string
	NumOfPayments           int
	CardYear                int
	CardMonth               int
	IsAbroadCard            bool
}

type tokenInfo struct {
	Token                   string
	TokenExDate             string
	CardYear                int
	CardMonth               int
	TokenApprovalNumber     string
	CardOwnerIdentityNumber string
}

type documentInfo struct {
	result
	DocumentType   string
	DocumentNumber int64
	AccountID      int64   `json:"AccountId"`
	DocumentURL    *string `json:"DocumentUrl"`
}

// pageResult is the merchant's authoritative read of a page.
func (s *server) pageResult(_ *http.Request, in resultRequest) reply {
	if len(s.book.authenticate(credentials{Terminal: in.TerminalNumber, Name: in.APIName})) == 0 {
		return unauthorized()
	}
	p, t, c := s.book.page(strings.ToLower(in.LowProfileID))
	switch {
	case p == nil || p.Terminal != in.TerminalNumber:
		return refuse(codeNotFound, "LowProfile is pending or was not found")
	case t == nil:
		return refuse(codePending, "LowProfile is pending")
	}
	if err := t.commit.Wait(); err != nil {
		return failure(err)
	}
	return ok(describePage(*p, *t, c))
}

// page returns copies of a page, its last transaction and its saved card, each nil when there is none.
func (l *ledger) page(id string) (*page, *tran, *card) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.pages[id]
	if p == nil || p.TranID == 0 {
		return p, nil, nil
	}
	t := *l.byID[p.TranID]
	return p, &t, l.cards[p.Token]
}

func describePage(p page, t tran, c *card) lowProfileResult {
	info := describe(t, approve)
	out := lowProfileResult{
		TerminalNumber: p.Terminal, LowProfileID: p.ID, TranzactionID: t.ID, ReturnValue: p.ReturnValue,
		Operation: p.Operation, TranzactionInfo: &info, ExternalPaymentVector: "0",
		UIValues: &uiValues{
			CardOwnerEmail: p.Payer.Email, CardOwnerName: p.Payer.Name, CardOwnerPhone: p.Payer.Phone,
			CardOwnerIdentityNumber: p.Payer.NationalID, NumOfPayments: max(1, t.Payments),
			CardYear: t.ExpYear % 100, CardMonth: t.ExpMonth,
		},
	}
	if !p.Done {
		out.result = result{t.Code, describeCode(t.Code)}
		return out
	}
	out.result = result{0, "OK"}
	if c != nil {
		out.TokenInfo = &tokenInfo{
			Token: c.Token, TokenExDate: fmt.Sprintf("%04d%02d01", c.ExpYear, c.ExpMonth), CardYear: c.ExpYear, CardMonth: c.ExpMonth,
			TokenApprovalNumber: info.ApprovalNumber, CardOwnerIdentityNumber: p.Payer.NationalID,
		}
	}
	if info.DocumentNumber != nil {
		out.DocumentInfo = &documentInfo{result: result{0, "OK"}, DocumentType: t.DocumentType, DocumentNumber: *info.DocumentNumber}
	}
	return out
}

// report is the webhook body of a page and where it goes.
func (s *server) report(id string) (address string, body lowProfileResult, found bool) {
	p, t, c := s.book.page(id)
	if p == nil || t == nil {
		return "", body, false
	}
	return p.WebHookURL, describePage(*p, *t, c), true
}

// markReported notes that the merchant took the webhook of a page, so that a restart does not
// send it again.
func (s *server) markReported(id string) {
	if _, err := s.book.changePage(id, func(p *page) { p.Reported = true }); err != nil {
		slog.Error("note webhook", "error", err)
	}
}
