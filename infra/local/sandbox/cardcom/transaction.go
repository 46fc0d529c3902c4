package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// transactionRequest is the part of TransactionReq that the sandbox acts on.
type transactionRequest struct {
	TerminalNumber                 int
	APIName                        string `json:"ApiName"`
	Amount                         shekels
	Token                          string
	CardNumber                     string
	CVV2                           string
	CardExpirationMMYY             string
	NumOfPayments                  int
	ExternalUniqTranID             string `json:"ExternalUniqTranId"`
	ExternalUniqUniqTranIDResponse bool   `json:"ExternalUniqUniqTranIdResponse"`
	ISOCoinID                      int    `json:"ISOCoinId"`
	Advanced                       advancedRequest
	Document                       *documentRequest
}

type advancedRequest struct {
	IsRefund       bool
	APIPassword    string `json:"ApiPassword"`
	JValidateType  int
	MTI            int
	ApprovalNumber string
}

type documentRequest struct {
	DocumentTypeToCreate string
}

// transaction charges, checks or refunds a stored token.
func (s *server) transaction(_ *http.Request, in transactionRequest) reply {
	auth := credentials{in.TerminalNumber, in.APIName, in.Advanced.APIPassword, in.Advanced.IsRefund}
	if len(s.book.authenticate(auth)) == 0 {
		return unauthorized()
	}
	if in.Advanced.MTI != 0 || in.Advanced.ApprovalNumber != "" {
		return refuse(codeNotPlayed, "The sandbox does not capture or release holds")
	}
	order, err := in.order()
	if err != nil {
		s.book.count(func(c *calls) { c.Invalid++ })
		return invalid(err)
	}
	v, err := s.book.transact(order, s.now())
	if err != nil {
		return failure(err)
	}
	if v.code == codeDuplicate {
		return refuse(codeDuplicate, "ExternalUniqTranId was used before")
	}
	return reply{status: http.StatusOK, body: describe(v.tran, v.act), act: v.act}
}

func (in transactionRequest) order() (chargeOrder, error) {
	o := chargeOrder{
		Kind: kindCharge, Terminal: in.TerminalNumber, Token: strings.ToLower(in.Token), Amount: agorot(in.Amount),
		ExternalID: in.ExternalUniqTranID, Replay: in.ExternalUniqUniqTranIDResponse,
		Payments: max(1, in.NumOfPayments), Coin: max(1, in.ISOCoinID),
	}
	switch {
	case in.Advanced.IsRefund:
		o.Kind = kindRefund
	case in.Advanced.JValidateType == 2:
		o.Kind = kindCheck
	case in.Advanced.JValidateType == 5:
		o.Kind = kindHold
	}
	if in.Document != nil {
		o.DocumentType = in.Document.resolved()
	}
	var err error
	o.ExpMonth, o.ExpYear, err = parseExpiry(in.CardExpirationMMYY)
	switch {
	case in.CardNumber != "" || in.CVV2 != "":
		return o, errors.New("this terminal charges tokens: send neither CardNumber nor CVV2")
	case in.Token == "":
		return o, errors.New("Token is required")
	case in.Amount <= 0:
		return o, errors.New("Amount must be above zero")
	}
	return o, err
}

// resolved is the type of the issued document; Auto follows the studio's setting, which here is
// an invoice with receipt.
func (d documentRequest) resolved() string {
	if d.DocumentTypeToCreate == "" || d.DocumentTypeToCreate == "Auto" {
		return "TaxInvoiceAndReceipt"
	}
	return d.DocumentTypeToCreate
}

// parseExpiry reads MMYY.
func parseExpiry(mmyy string) (month, year int, err error) {
	at, err := time.Parse("0106", mmyy)
	if err != nil {
		return 0, 0, fmt.Errorf("CardExpirationMMYY is required with a token, as 0628")
	}
	return int(at.Month()), at.Year(), nil
}

// findRequest is GetExternalUniqTranIdStatusReq.
type findRequest struct {
	TerminalNumber     int
	APIName            string `json:"ApiName"`
	ExternalUniqTranID string `json:"ExternalUniqTranId"`
}

// findByExternalID tells of the approved transaction under a key. Declined ones are not found:
// the operation speaks of successful transactions only, and a decline does not use a key up.
func (s *server) findByExternalID(_ *http.Request, in findRequest) reply {
	if len(s.book.authenticate(credentials{Terminal: in.TerminalNumber, Name: in.APIName})) == 0 {
		return unauthorized()
	}
	t, err := s.book.lookup(key{in.TerminalNumber, in.ExternalUniqTranID})
	switch {
	case err != nil:
		return failure(err)
	case t == nil:
		return refuse(codeNotFound, "No transaction with this ExternalUniqTranId")
	}
	return ok(describe(*t, approve))
}

// lookup returns the approved transaction under k, once its line is kept.
func (l *ledger) lookup(k key) (*tran, error) {
	l.mu.Lock()
	l.calls.Lookups++
	var found *tran
	if t := l.taken[k]; t != nil {
		copied := *t
		found = &copied
	}
	l.mu.Unlock()
	if found == nil {
		return nil, nil
	}
	return found, found.commit.Wait()
}
