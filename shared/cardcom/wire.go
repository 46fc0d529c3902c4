package cardcom

import (
	"context"
	"encoding/json"
	"net"
	"strconv"

	"fitkit/shared/money"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// number writes agorot as decimal shekels with two places, as a JSON number and never through a float.
func number(a money.Agorot) json.Number { return json.Number(a.String()) }

type auth struct {
	TerminalNumber int
	APIName        string `json:"ApiName"`
}

// status is in every answer. A missing code must not read as 0, which is success; a negative one is in no table.
type status struct {
	ResponseCode *json.Number
	Description  string
}

func (s status) code() (code int, ok bool) {
	if s.ResponseCode == nil {
		return 0, false
	}
	n, err := strconv.Atoi(s.ResponseCode.String())
	return n, err == nil && n >= 0
}

// shva writes an issuer's code as the tables do: three digits.
func shva(code int) string {
	s := strconv.Itoa(code)
	for len(s) < 3 {
		s = "0" + s
	}
	return s
}

// transaction is Cardcom's TransactionInfo; its names have a z.
type transaction struct {
	status
	TranzactionID         json.Number `json:"TranzactionId"`
	Amount                json.Number
	CoinID                json.Number `json:"CoinId"`
	IsRefund              bool
	Last4CardDigitsString string
	CardName              string
	Brand                 string
	CardMonth             json.Number
	CardYear              json.Number
}

type transactionRequest struct {
	auth
	Amount                         json.Number
	Token                          string
	CardExpirationMMYY             string
	NumOfPayments                  int
	ExternalUniqTranID             string    `json:"ExternalUniqTranId"`
	ExternalUniqUniqTranIDResponse bool      `json:"ExternalUniqUniqTranIdResponse"` // "Uniq" twice; true: a repeat answers the original
	ISOCoinID                      int       `json:"ISOCoinId"`
	CardOwnerInformation           *owner    `json:",omitempty"`
	Advanced                       *advanced `json:",omitempty"`
}

type owner struct{ FullName string }

type advanced struct {
	IsAutoRecurringPayment bool
}

// The shekel, in what is sent (ISOCoinId) and in what comes back (CoinId).
const (
	ils     = 1
	coinILS = "1"
)

type createPage struct {
	auth
	Operation          string
	Amount             json.Number
	ReturnValue        string
	SuccessRedirectURL string `json:"SuccessRedirectUrl"`
	FailedRedirectURL  string `json:"FailedRedirectUrl"`
	WebHookURL         string `json:"WebHookUrl"`
	ProductName        string
	Language           string
	ISOCoinID          int           `json:"ISOCoinId"`
	UIDefinition       *uiDefinition `json:",omitempty"`
	AdvancedDefinition pageAdvanced
}

type uiDefinition struct {
	CardOwnerNameValue  string `json:",omitempty"`
	CardOwnerPhoneValue string `json:",omitempty"`
	CardOwnerEmailValue string `json:",omitempty"`
}

type pageAdvanced struct {
	JValidateType int // 2: a check; the default, 5, would hold the amount on the member's card
}

type createdPage struct {
	status
	LowProfileID string `json:"LowProfileId"`
	URL          string `json:"Url"`
}

type pageResult struct {
	status
	TerminalNumber  json.Number
	LowProfileID    string `json:"LowProfileId"`
	ReturnValue     string
	TranzactionID   json.Number `json:"TranzactionId"`
	TranzactionInfo *transaction
	TokenInfo       *struct {
		Token     string
		CardYear  json.Number
		CardMonth json.Number
	}
}

type listRequest struct {
	APIName          string `json:"ApiName"`
	APIPassword      string `json:"ApiPassword"`
	FromDate         string // DDMMYYYY
	ToDate           string
	TranStatus       string
	Page             int
	PageSize         int `json:"Page_size"`
	LimitForTerminal int
}

type listAnswer struct {
	status
	Tranzactions *[]transaction // not there is not the same as none
}
