package main

import (
	"fmt"
	"net/http"
	"time"
)

// listRequest is ListTransactionsReq; dates are DDMMYYYY, whole days in Israel.
type listRequest struct {
	APIName          string `json:"ApiName"`
	APIPassword      string `json:"ApiPassword"`
	FromDate         string
	ToDate           string
	TranStatus       string
	Page             int
	PageSize         int `json:"Page_size"`
	LimitForTerminal int
}

type listResponse struct {
	result
	Tranzactions []transactionInfo
	Page         int
	PageSize     int `json:"Page_size"`
}

// window is the half-open time the dates span.
func (in listRequest) window() (from, until time.Time, err error) {
	from, errFrom := time.ParseInLocation("02012006", in.FromDate, israel)
	until, errUntil := time.ParseInLocation("02012006", in.ToDate, israel)
	switch {
	case errFrom != nil || errUntil != nil:
		err = fmt.Errorf("FromDate and ToDate are DDMMYYYY")
	case in.Page < 1 || in.PageSize < 10 || in.PageSize > 2000:
		err = fmt.Errorf("Page starts at 1 and Page_size is 10 to 2000")
	}
	return from, until.AddDate(0, 0, 1), err
}

func (in listRequest) wants(t *tran) bool {
	success := t.Code == 0 || t.Code == codeCheckedJ2 || t.Code == codeHeldJ5
	switch in.TranStatus {
	case "All":
		return true
	case "Failure":
		return !success
	}
	return success
}

func (s *server) listTransactions(_ *http.Request, in listRequest) reply {
	mine := s.book.authenticate(credentials{Name: in.APIName, Password: in.APIPassword, WithPassword: true})
	if len(mine) == 0 {
		return unauthorized()
	}
	from, until, err := in.window()
	if err != nil {
		return invalid(err)
	}
	found := s.book.transactions(func(t *tran) bool {
		return mine[t.Terminal] && (in.LimitForTerminal == 0 || in.LimitForTerminal == t.Terminal) &&
			!t.At.Before(from) && t.At.Before(until) && in.wants(t)
	})
	start := min(len(found), (in.Page-1)*in.PageSize)
	out := listResponse{result: result{0, "OK"}, Tranzactions: []transactionInfo{}, Page: in.Page, PageSize: in.PageSize}
	for _, t := range found[start:min(len(found), start+in.PageSize)] {
		out.Tranzactions = append(out.Tranzactions, describe(t, approve))
	}
	return ok(out)
}

// transactions copies those that match, oldest first.
func (l *ledger) transactions(match func(*tran) bool) []tran {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := []tran{}
	for _, t := range l.trans {
		if match(t) {
			found = append(found, *t)
		}
	}
	return found
}

// infoRequest is TransactionInfoRequest.
type infoRequest struct {
	TerminalNumber     int
	UserName           string
	UserPassword       string
	InternalDealNumber int64
}

// shvaParameters are the raw clearing parameters of a transaction. Sum36 is in agorot, and
// NumberOfPayments94 counts the payments after the first.
type shvaParameters struct {
	InternalDealNumber int64
	Status1            int
	CardNumber5        string
	Sum36              agorot
	NumberOfPayments94 int
}

func (s *server) shvaInfo(_ *http.Request, in infoRequest) reply {
	auth := credentials{in.TerminalNumber, in.UserName, in.UserPassword, true}
	if len(s.book.authenticate(auth)) == 0 {
		return unauthorized()
	}
	out := []shvaParameters{}
	for _, t := range s.book.transactions(func(t *tran) bool {
		return t.ID == in.InternalDealNumber && t.Terminal == in.TerminalNumber
	}) {
		out = append(out, shvaParameters{t.ID, t.Code, t.Last4, t.Amount, max(1, t.Payments) - 1})
	}
	return ok(out)
}

// replacementsRequest is MuhlafimByDateRequest; dates are RFC 3339.
type replacementsRequest struct {
	UserName string `json:"apiUserName"`
	Password string `json:"apiPassword"`
	From     string `json:"fromDate"`
	To       string `json:"toDate"`
}

type replacementsResponse struct {
	result
	UpdateList []replacementUpdate
}

type replacementUpdate struct {
	UpdatedTokenList []updatedToken
}

type updatedToken struct {
	Token                 string
	Status                int
	NewExpirationDateYYYY int
	NewExpirationDateMM   int
	Last4Digits           string
}

// replacements lists the tokens that were given a replacement within the dates.
func (s *server) replacements(_ *http.Request, in replacementsRequest) reply {
	mine := s.book.authenticate(credentials{Name: in.UserName, Password: in.Password, WithPassword: true})
	if len(mine) == 0 {
		return unauthorized()
	}
	from, errFrom := time.Parse(time.RFC3339, in.From)
	until, errUntil := time.Parse(time.RFC3339, in.To)
	if errFrom != nil || errUntil != nil {
		return invalid(fmt.Errorf("fromDate and toDate are RFC 3339 instants"))
	}
	out := replacementsResponse{result: result{0, "OK"}, UpdateList: []replacementUpdate{{UpdatedTokenList: []updatedToken{}}}}
	for _, c := range s.book.replaced(mine, from, until) {
		r := c.Replacement
		out.UpdateList[0].UpdatedTokenList = append(out.UpdateList[0].UpdatedTokenList,
			updatedToken{c.Token, r.Status, r.ExpYear, r.ExpMonth, r.Last4})
	}
	return ok(out)
}

func (l *ledger) replaced(terminals map[int]bool, from, until time.Time) []card {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := []card{}
	for _, c := range l.cards {
		if r := c.Replacement; r != nil && terminals[c.Terminal] && !r.At.Before(from) && !r.At.After(until) {
			found = append(found, *c)
		}
	}
	return found
}
