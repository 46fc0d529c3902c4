package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// page is one hosted page (LowProfile): what it was asked for, and what became of it. A value in
// the ledger is never changed; it is replaced.
type page struct {
	ID           string    `json:"lowProfileId"`
	Terminal     int       `json:"terminal"`
	Operation    string    `json:"operation"`
	Amount       agorot    `json:"amountAgorot"`
	Coin         int       `json:"coin"`
	ReturnValue  string    `json:"returnValue,omitempty"`
	ProductName  string    `json:"productName,omitempty"`
	Language     string    `json:"language"`
	SuccessURL   string    `json:"successUrl"`
	FailedURL    string    `json:"failedUrl"`
	CancelURL    string    `json:"cancelUrl,omitempty"`
	WebHookURL   string    `json:"webHookUrl"`
	MaxPayments  int       `json:"maxPayments"`
	Hold         bool      `json:"hold,omitempty"` // CreateTokenOnly by J5, the vendor's default
	HideID       bool      `json:"hideId,omitempty"`
	HideCVV      bool      `json:"hideCvv,omitempty"`
	DocumentType string    `json:"documentType,omitempty"`
	CreatedAt    time.Time `json:"createdAt"`
	Payer        payer     `json:"payer"`

	Attempts int         `json:"attempts,omitempty"`
	TranID   int64       `json:"tranzactionId,omitempty"` // the last attempt's
	Token    string      `json:"token,omitempty"`
	Done     bool        `json:"done,omitempty"`
	Mode     webhookMode `json:"webhookMode,omitempty"`
	Reported bool        `json:"reported,omitempty"`
}

// payer is who the page is shown to: first as the merchant knows them, then as they typed.
type payer struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
	// NationalID stays in memory only.
	NationalID string `json:"-"`
}

// createRequest is the part of CreateLowProfile that the sandbox acts on.
type createRequest struct {
	TerminalNumber     int
	APIName            string `json:"ApiName"`
	Operation          string
	ReturnValue        string
	Amount             shekels
	SuccessRedirectURL string `json:"SuccessRedirectUrl"`
	FailedRedirectURL  string `json:"FailedRedirectUrl"`
	CancelRedirectURL  string `json:"CancelRedirectUrl"`
	WebHookURL         string `json:"WebHookUrl"`
	ProductName        string
	Language           string
	ISOCoinID          int `json:"ISOCoinId"`
	UIDefinition       struct {
		CardOwnerNameValue            string
		CardOwnerPhoneValue           string
		CardOwnerEmailValue           string
		CardOwnerIDValue              string `json:"CardOwnerIdValue"`
		IsHideCardOwnerIdentityNumber bool
		IsHideCVV                     bool
	}
	AdvancedDefinition struct {
		MaxNumOfPayments int
		JValidateType    int
	}
	Document *documentRequest
}

type createResponse struct {
	result
	LowProfileID string  `json:"LowProfileId"`
	URL          string  `json:"Url"`
	URLToPayPal  *string `json:"UrlToPayPal"`
	URLToBit     *string `json:"UrlToBit"`
}

// createPage opens a hosted page. It has no idempotency: every call makes another page.
func (s *server) createPage(_ *http.Request, in createRequest) reply {
	if len(s.book.authenticate(credentials{Terminal: in.TerminalNumber, Name: in.APIName})) == 0 {
		return unauthorized()
	}
	if err := in.check(); err != nil {
		s.book.count(func(c *calls) { c.Invalid++ })
		return invalid(err)
	}
	if in.Operation == "SuspendedDeal" || in.Operation == "Do3DSAndSubmit" {
		return refuse(codeNotPlayed, "The sandbox does not play %s", in.Operation)
	}
	p := in.page(newGUID(), s.now())
	if err := s.book.putPage(p); err != nil {
		return failure(err)
	}
	return ok(createResponse{result: result{0, "OK"}, LowProfileID: p.ID, URL: s.pageURL(p)})
}

func (s *server) pageURL(p page) string {
	return fmt.Sprintf("%s/EA/LPC6/%d/%s", s.publicURL, p.Terminal, p.ID)
}

func (in createRequest) check() error {
	for name, text := range map[string]string{
		"SuccessRedirectUrl": in.SuccessRedirectURL, "FailedRedirectUrl": in.FailedRedirectURL,
		"CancelRedirectUrl": in.CancelRedirectURL, "WebHookUrl": in.WebHookURL,
	} {
		u, err := url.Parse(text)
		if text != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("%s must be an absolute http or https address", name)
		}
	}
	if in.Amount <= 0 {
		return fmt.Errorf("Amount must be above zero")
	}
	return nil
}

func (in createRequest) page(id string, now time.Time) page {
	p := page{
		ID: id, Terminal: in.TerminalNumber, Operation: in.Operation, Amount: agorot(in.Amount), Coin: max(1, in.ISOCoinID),
		ReturnValue: in.ReturnValue, ProductName: in.ProductName, Language: in.Language,
		SuccessURL: in.SuccessRedirectURL, FailedURL: in.FailedRedirectURL, CancelURL: in.CancelRedirectURL, WebHookURL: in.WebHookURL,
		MaxPayments: max(1, in.AdvancedDefinition.MaxNumOfPayments), Hold: in.AdvancedDefinition.JValidateType != 2,
		HideID: in.UIDefinition.IsHideCardOwnerIdentityNumber, HideCVV: in.UIDefinition.IsHideCVV, CreatedAt: now,
		Payer: payer{in.UIDefinition.CardOwnerNameValue, in.UIDefinition.CardOwnerPhoneValue,
			in.UIDefinition.CardOwnerEmailValue, in.UIDefinition.CardOwnerIDValue},
	}
	if p.Operation == "" {
		p.Operation = "ChargeOnly"
	}
	if p.Language == "" {
		p.Language = "he"
	}
	if in.Document != nil {
		p.DocumentType = in.Document.resolved()
	}
	return p
}

// newGUID is a random version-4 GUID.
func newGUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// putPage keeps a new or changed page.
func (l *ledger) putPage(p page) error {
	l.mu.Lock()
	commit, err := l.put(event{Page: &p})
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return commit.Wait()
}

// changePage replaces a page by what change makes of it and reports whether there is such a page.
func (l *ledger) changePage(id string, change func(*page)) (bool, error) {
	l.mu.Lock()
	known := l.pages[id]
	if known == nil {
		l.mu.Unlock()
		return false, nil
	}
	p := *known
	change(&p)
	commit, err := l.put(event{Page: &p})
	l.mu.Unlock()
	if err != nil {
		return true, err
	}
	return true, commit.Wait()
}
