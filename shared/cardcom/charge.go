package cardcom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fitkit/shared/money"
	"fitkit/shared/payment"
)

var _ payment.Provider = (*Client)(nil)

// Cardcom's own codes; 1 to 300 or so are the issuer's, passed through.
const (
	codeOK           = 0
	codeBadLogin     = 603
	codeKeyUsed      = 608
	codeChecked      = 700 // a card was checked, no money moved
	codeCheckedToo   = 701
	codePageUnknown  = 5096
	codePageOpen     = 5119
	firstCardcomCode = 600
)

// Charge charges a saved card. The key goes with it, so that the transaction can be found again.
func (c *Client) Charge(ctx context.Context, cr payment.Credentials, r payment.ChargeRequest) payment.Outcome {
	in := transactionRequest{auth: auth{cr.Terminal, cr.Name.Reveal()}, Amount: number(r.Amount), Token: r.Token.Reveal(),
		CardExpirationMMYY: fmt.Sprintf("%02d%02d", r.ExpMonth, r.ExpYear%100), NumOfPayments: max(r.Installments, 1),
		ExternalUniqTranID: r.Key, ExternalUniqUniqTranIDResponse: true, ISOCoinID: ils}
	if r.PayerName != "" {
		in.CardOwnerInformation = &owner{clip(r.PayerName, 50)}
	}
	if cr.Recurring {
		in.Advanced = &advanced{IsAutoRecurringPayment: true}
	}
	var out transaction
	if err := c.call(ctx, "Transactions/Transaction", in, &out); err != nil {
		return unanswered(err)
	}
	return verdict(out, r.Amount)
}

func unanswered(err error) payment.Outcome {
	if errors.Is(err, errNothingSent) || errors.Is(err, errRefusedUnread) {
		return payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"}
	}
	return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_answer"}
}

// verdict reads a charge's answer. Paid only if everything agrees; a success of another amount is unknown, not paid.
func verdict(t transaction, want money.Agorot) payment.Outcome {
	code, ok := t.code()
	if !ok {
		return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_code"}
	}
	o := payment.Outcome{Code: shva(code), ProviderTxn: t.TranzactionID.String()}
	switch {
	case code == codeOK:
		return captured(o, t, want)
	case code == codeKeyUsed:
		o.State, o.Class = payment.Unknown, payment.Duplicate
	case code == codeBadLogin:
		o.State, o.Class = payment.Declined, payment.ConfigError
	case code >= firstCardcomCode && code != codeChecked && code != codeCheckedToo && lineFailed(t.Description):
		o.State, o.Class = payment.Unknown, payment.Ambiguous
	case code >= firstCardcomCode && code != codeChecked && code != codeCheckedToo:
		o.State, o.Class = payment.Declined, payment.ProviderRefusal
	default:
		o.State = payment.Declined
	}
	return o
}

// lineWords are how the text of one of Cardcom's own codes tells that it lost somebody on the way: the acquirer may have the charge.
var lineWords = []string{"timeout", "time out", "time-out", "timed out", "network", "communication", "connect", "socket", "unreachable", "unavailable",
	"no response", "no answer", "not respond", "try again", "תקשורת", "פסק זמן", "תם הזמן", "הזמן הקצוב", "נותק", "ניתוק", "חיבור", "אין תגובה", "אין מענה", "לא התקבלה תשובה", "לא הגיב", "נסה שוב", "נסו שוב"}

// lineFailed reads the text, as Cardcom advises for codes that it does not list.
func lineFailed(description string) bool {
	text := strings.ToLower(description)
	return slices.ContainsFunc(lineWords, func(word string) bool { return strings.Contains(text, word) })
}

func captured(o payment.Outcome, t transaction, want money.Agorot) payment.Outcome {
	amount, err := money.ParseShekels(t.Amount.String())
	if err != nil || t.IsRefund || t.CoinID.String() != coinILS || o.ProviderTxn == "" || o.ProviderTxn == "0" {
		o.State, o.Class, o.Code = payment.Unknown, payment.Ambiguous, "not_ours"
		return o
	}
	o.Amount = amount
	if amount != want {
		o.State, o.Class, o.Code = payment.Unknown, payment.Ambiguous, "amount_mismatch"
		return o
	}
	o.State = payment.Paid
	return o
}

type lookupRequest struct {
	auth
	ExternalUniqTranID string `json:"ExternalUniqTranId"`
}

// Lookup asks for a successful transaction by our key. It says Paid with the amount that was captured; the caller
// compares. Any readable refusal is NotFound, which is no proof while the transaction may still be settling.
func (c *Client) Lookup(ctx context.Context, cr payment.Credentials, key string) payment.Outcome {
	var out transaction
	if err := c.call(ctx, "Transactions/GetTransactionByExternalUniqTran", lookupRequest{auth{cr.Terminal, cr.Name.Reveal()}, key}, &out); err != nil {
		return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_answer"}
	}
	code, ok := out.code()
	switch {
	case !ok:
		return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_code"}
	case code == codeBadLogin:
		return payment.Outcome{State: payment.Unknown, Class: payment.ConfigError, Code: shva(code)}
	case code != codeOK:
		return payment.Outcome{State: payment.NotFound, Code: shva(code)}
	}
	amount, err := money.ParseShekels(out.Amount.String())
	if err != nil {
		return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_amount"}
	}
	return captured(payment.Outcome{Code: shva(code), ProviderTxn: out.TranzactionID.String()}, out, amount)
}

func clip(s string, runes int) string {
	r := []rune(s)
	return string(r[:min(len(r), runes)])
}
