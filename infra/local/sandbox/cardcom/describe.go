package main

import (
	"fmt"
	"strconv"
)

// transactionInfo is v11's TransactionInfo, with the vendor's spellings.
type transactionInfo struct {
	ResponseCode              int
	Description               string
	TranzactionID             int64 `json:"TranzactionId"`
	TerminalNumber            int
	Amount                    shekels
	CoinID                    int `json:"CoinId"`
	CouponNumber              string
	CreateDate                string
	Last4CardDigits           int
	Last4CardDigitsString     string
	FirstCardDigits           int
	JParameter                string
	CardMonth                 int
	CardYear                  int
	ApprovalNumber            string
	FirstPaymentAmount        shekels
	ConstPaymentAmount        shekels
	NumberOfPayments          int
	CardInfo                  string
	Token                     *string
	CardName                  string
	UID                       string `json:"Uid"`
	Rrn                       *string
	DocumentNumber            *int64
	DocumentType              *string
	DocumentURL               *string `json:"DocumentUrl"`
	Brand                     string
	Acquire                   string
	Issuer                    string
	PaymentType               string
	DealType                  string
	IsRefund                  bool
	IsAbroadCard              bool
	IssuerAuthCodeDescription *string
}

// firstDigits are those of every card of the table.
const firstDigits = 458000

// describe tells of a transaction as the gateway does.
func describe(t tran, what act) transactionInfo {
	info := transactionInfo{
		ResponseCode: t.Code, Description: describeCode(t.Code), TranzactionID: t.ID, TerminalNumber: t.Terminal,
		Amount: shekels(t.Amount), CoinID: t.Coin, CouponNumber: fmt.Sprintf("%08d", t.ID%1e8),
		CreateDate:            t.At.In(israel).Format("2006-01-02T15:04:05"),
		Last4CardDigitsString: t.Last4, FirstCardDigits: firstDigits, CardMonth: t.ExpMonth, CardYear: t.ExpYear % 100,
		NumberOfPayments: max(1, t.Payments), CardInfo: "Israeli", CardName: "Visa", UID: fmt.Sprintf("%d", t.ID),
		Brand: "Visa", Acquire: "Visa", Issuer: "Visa", PaymentType: "Regular", DealType: "Regular",
		IsRefund: t.Kind == kindRefund,
	}
	info.Last4CardDigits, _ = strconv.Atoi(t.Last4) // loses leading zeros, as the vendor's does
	if t.Token != "" {
		info.Token = &t.Token
	}
	if what == partial {
		info.Amount = shekels(t.Amount / 2)
	}
	info.split()
	if t.Code == 0 || t.Code == codeCheckedJ2 || t.Code == codeHeldJ5 {
		info.ApprovalNumber = fmt.Sprintf("%07d", t.ID%1e7)
	}
	if t.DocumentType != "" && t.Code == 0 {
		number := t.ID - firstTran + 300000
		info.DocumentNumber, info.DocumentType = &number, &t.DocumentType
	}
	return info
}

// split divides the amount into payments; the first takes what does not divide.
func (info *transactionInfo) split() {
	n := shekels(info.NumberOfPayments)
	info.ConstPaymentAmount = info.Amount / n
	info.FirstPaymentAmount = info.Amount - info.ConstPaymentAmount*(n-1)
}

var codeTexts = map[int]string{
	0: "OK", 1: "כרטיס חסום", 4: "סירוב", 6: "ת.ז. או CVV שגויים", 9: "הקו נותק", 10: "אישור חלקי",
	12: "הכרטיס אינו מורשה במסוף", 17: "סוג אשראי אינו מורשה", 33: "כרטיס לא תקין", 36: "פג תוקף",
	200: "שגיאת יישום", codeCheckedJ2: "J2 OK", codeHeldJ5: "J5 OK",
}

func describeCode(code int) string {
	if text, known := codeTexts[code]; known {
		return text
	}
	return fmt.Sprintf("קוד %03d", code)
}
