package cardcom

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/secret"
)

// ErrUnreachable is the error of what a person waits for; a charge has outcomes instead.
var ErrUnreachable = fail.New(fail.Unavailable, "gateway.unreachable", "Cardcom does not answer. Nothing was changed; try again in a minute.",
	"קארדקום אינה עונה. דבר לא השתנה; נסו שוב בעוד דקה.").After(time.Minute)

// OpenCheckout makes a hosted page that saves a card without charging it.
func (c *Client) OpenCheckout(ctx context.Context, cr payment.Credentials, r payment.CheckoutRequest) (payment.Checkout, error) {
	in := createPage{auth: auth{cr.Terminal, cr.Name.Reveal()}, Operation: "CreateTokenOnly", Amount: number(r.Amount), ReturnValue: r.Reference,
		SuccessRedirectURL: r.SuccessURL, FailedRedirectURL: r.FailURL, WebHookURL: r.NotifyURL, ProductName: "FitKit", Language: r.Language,
		ISOCoinID: ils, AdvancedDefinition: pageAdvanced{JValidateType: 2},
		UIDefinition: &uiDefinition{clip(r.PayerName, 50), clip(r.PayerPhone, 50), clip(r.PayerEmail, 50)}}
	var out createdPage
	if err := c.call(ctx, "LowProfile/Create", in, &out); err != nil {
		return payment.Checkout{}, errors.Join(ErrUnreachable, err)
	}
	if code, ok := out.code(); !ok || code != codeOK || out.LowProfileID == "" {
		if code == codeBadLogin {
			return payment.Checkout{}, payment.ErrCredentials
		}
		return payment.Checkout{}, errors.Join(ErrUnreachable, errNoAnswer)
	}
	return payment.Checkout{Ref: out.LowProfileID, URL: out.URL}, nil
}

type resultRequest struct {
	auth
	LowProfileID string `json:"LowProfileId"`
}

// FetchCheckout reads what became of a hosted page. The posted webhook is never believed, this is.
func (c *Client) FetchCheckout(ctx context.Context, cr payment.Credentials, ref, reference string) (payment.Outcome, error) {
	var out pageResult
	if err := c.call(ctx, "LowProfile/GetLpResult", resultRequest{auth{cr.Terminal, cr.Name.Reveal()}, ref}, &out); err != nil {
		return payment.Outcome{}, errors.Join(ErrUnreachable, err)
	}
	code, ok := out.code()
	switch {
	case !ok:
		return payment.Outcome{}, errors.Join(ErrUnreachable, errNoAnswer)
	case code == codeBadLogin:
		return payment.Outcome{}, payment.ErrCredentials
	case code == codePageUnknown || code == codePageOpen:
		return payment.Outcome{State: payment.Pending, Code: shva(code)}, nil
	}
	if !strings.EqualFold(out.LowProfileID, ref) || out.ReturnValue != reference || out.TerminalNumber.String() != strconv.Itoa(cr.Terminal) {
		return payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "not_ours"}, nil
	}
	return savedCard(out, code), nil
}

// savedCard: the token is the proof; TranzactionInfo is promised only for operations that charge.
func savedCard(out pageResult, code int) payment.Outcome {
	if out.TokenInfo == nil || out.TokenInfo.Token == "" {
		if t := out.TranzactionInfo; t != nil {
			if c, ok := t.code(); ok && c != codeOK {
				return payment.Outcome{State: payment.Declined, Code: shva(c)} // the payer may try again on the same page
			}
		}
		return payment.Outcome{State: payment.Pending, Code: shva(code)}
	}
	card := payment.SavedCard{Token: secret.Secret(out.TokenInfo.Token), ExpMonth: whole(out.TokenInfo.CardMonth.String()),
		ExpYear: fourDigits(whole(out.TokenInfo.CardYear.String()))}
	if t := out.TranzactionInfo; t != nil {
		card.Last4, card.Brand = t.Last4CardDigitsString, t.Brand
	}
	return payment.Outcome{State: payment.Saved, Code: shva(code), ProviderTxn: out.TranzactionID.String(), Card: &card}
}

// fourDigits: the year comes with two digits from one part of the answer and with four from another.
func fourDigits(year int) int {
	if year < 100 {
		return 2000 + year
	}
	return year
}

func whole(s string) int {
	n, _ := strconv.Atoi(s) // 0 when unreadable, which the database refuses as an expiry
	return n
}

// Probe proves terminal, name and password: a page of one shekel that nobody is shown, a look at a page that cannot
// exist, and an empty list, which alone asks for the password.
func (c *Client) Probe(ctx context.Context, cr payment.Credentials) error {
	page, err := c.OpenCheckout(ctx, cr, payment.CheckoutRequest{Reference: "probe", Amount: money.Agorot(100), Language: "he",
		SuccessURL: "https://fitkit.example/ok", FailURL: "https://fitkit.example/fail", NotifyURL: "https://fitkit.example/none"})
	if err != nil {
		return err
	}
	if _, err := c.FetchCheckout(ctx, cr, id.New[id.Event]().String(), page.Ref); err != nil {
		return err
	}
	if cr.Password == "" {
		return nil
	}
	_, _, err = c.page(ctx, cr, time.Now(), time.Now(), 1)
	return err
}

// List is the terminal's successful transactions of the days, in Israel, on which first and last fall and of those between.
func (c *Client) List(ctx context.Context, cr payment.Credentials, first, last time.Time) (all []payment.Transaction, err error) {
	for page := 1; page <= maxPages; page++ {
		some, full, err := c.page(ctx, cr, first, last, page)
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); !full {
			return all, nil
		}
	}
	return nil, errors.Join(ErrUnreachable, errEndless)
}

const (
	// listPage keeps a page of the list, about a kilobyte a line, well under maxAnswer.
	listPage = 500
	// maxPages ends a list that never does: more than any terminal's transactions of a month.
	maxPages = 400
	// The list is by whole days of Cardcom's clock; an hour before midnight in UTC is the next day there.
	listZone = "Asia/Jerusalem"
	listDay  = "02012006"
)

// page is one page of the list; full says that another may follow.
func (c *Client) page(ctx context.Context, cr payment.Credentials, first, last time.Time, page int) (list []payment.Transaction, full bool, err error) {
	zone, err := time.LoadLocation(listZone)
	if err != nil {
		return nil, false, err
	}
	in := listRequest{APIName: cr.Name.Reveal(), APIPassword: cr.Password.Reveal(), FromDate: first.In(zone).Format(listDay),
		ToDate: last.In(zone).Format(listDay), TranStatus: "Success", Page: page, PageSize: listPage, LimitForTerminal: cr.Terminal}
	var out listAnswer
	if err := c.call(ctx, "Transactions/ListTransactions", in, &out); err != nil {
		return nil, false, errors.Join(ErrUnreachable, err)
	}
	code, ok := out.code()
	if !ok {
		return nil, false, errors.Join(ErrUnreachable, errNoAnswer)
	}
	switch code {
	case codeOK:
	case codeBadLogin:
		return nil, false, payment.ErrCredentials
	default:
		return nil, false, errors.Join(ErrUnreachable, fmt.Errorf("the list was refused with code %d", code))
	}
	if out.Tranzactions == nil {
		return nil, false, errors.Join(ErrUnreachable, errNoAnswer)
	}
	for _, t := range *out.Tranzactions {
		code, ok := t.code()
		if !ok {
			return nil, false, errors.Join(ErrUnreachable, errNoAnswer)
		}
		if code == codeChecked || code == codeCheckedToo {
			continue // a check of a card moved no money; whatever else is listed as a success may have
		}
		amount, err := money.ParseShekels(t.Amount.String())
		if err != nil {
			return nil, false, errors.Join(ErrUnreachable, errNoAnswer)
		}
		list = append(list, payment.Transaction{ProviderTxn: t.TranzactionID.String(), Amount: amount, Refund: t.IsRefund, Foreign: t.CoinID.String() != coinILS})
	}
	return list, len(*out.Tranzactions) == listPage, nil
}
