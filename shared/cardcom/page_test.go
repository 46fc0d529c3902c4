package cardcom_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"fitkit/shared/cardcom"
	"fitkit/shared/money"
	"fitkit/shared/payment"
)

func TestWhatAChargeSays(t *testing.T) {
	t.Parallel()
	c, path, raw, fields := said(t, paid)
	r := request
	r.Installments, r.PayerName = 0, strings.Repeat("נ", 60)
	c.Charge(t.Context(), credentials, r)
	if *path != "POST /api/v11/Transactions/Transaction application/json" {
		t.Error(*path)
	}
	want := map[string]any{"TerminalNumber": 1000.0, "ApiName": apiName, "Amount": 249.0, "Token": token, "CardExpirationMMYY": "0628", "NumOfPayments": 1.0,
		"ExternalUniqTranId": "fk-0123", "ExternalUniqUniqTranIdResponse": true, "ISOCoinId": 1.0,
		"CardOwnerInformation": map[string]any{"FullName": strings.Repeat("נ", 50)}}
	if !reflect.DeepEqual(*fields, want) {
		t.Errorf("%s", *raw)
	}
	standing := credentials
	standing.Recurring = true
	c.Charge(t.Context(), standing, r)
	if !strings.Contains(*raw, `"Advanced":{"IsAutoRecurringPayment":true}`) {
		t.Errorf("a standing order's charge: %s", *raw)
	}
}

func TestAmountsAreJSONNumbersWithTwoDecimals(t *testing.T) {
	t.Parallel()
	for agorot, want := range map[money.Agorot]string{1: "0.01", 100: "1.00", 1990: "19.90", 24900: "249.00", 112233445566: "1122334455.66"} {
		c, _, raw, _ := said(t, paid)
		r := request
		r.Amount = agorot
		c.Charge(t.Context(), credentials, r)
		if !strings.Contains(*raw, `"Amount":`+want+`,`) {
			t.Errorf("%s, want %s", *raw, want)
		}
	}
}

func TestOpenCheckout(t *testing.T) {
	t.Parallel()
	r := payment.CheckoutRequest{Reference: "ours", Amount: 100, Language: "he", SuccessURL: "https://a.example/s", FailURL: "https://a.example/f", NotifyURL: "https://a.example/n"}
	t.Run("it asks for a check of the card, not for a hold", func(t *testing.T) {
		t.Parallel()
		c, path, raw, _ := said(t, `{"ResponseCode":0,"LowProfileId":"p-1","Url":"https://pay.example/p-1"}`)
		got, err := c.OpenCheckout(t.Context(), credentials, r)
		if err != nil || got != (payment.Checkout{Ref: "p-1", URL: "https://pay.example/p-1"}) {
			t.Errorf("%+v %v", got, err)
		}
		for _, part := range []string{`"Operation":"CreateTokenOnly"`, `"JValidateType":2`, `"Amount":1.00`, `"ReturnValue":"ours"`, `"WebHookUrl":"https://a.example/n"`, `"ISOCoinId":1`} {
			if !strings.Contains(*raw, part) {
				t.Errorf("no %s in %s", part, *raw)
			}
		}
		if !strings.HasPrefix(*path, "POST /api/v11/LowProfile/Create ") {
			t.Error(*path)
		}
	})
	for name, tc := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"a wrong name":       {401, `{"ResponseCode":603}`, payment.ErrCredentials},
		"no page":            {200, `{"ResponseCode":0,"Url":"https://pay.example"}`, cardcom.ErrUnreachable},
		"no code":            {200, `{"LowProfileId":"p-1"}`, cardcom.ErrUnreachable},
		"another refusal":    {400, `{"ResponseCode":5033}`, cardcom.ErrUnreachable},
		"no readable answer": {200, `<html>`, cardcom.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, answers(tc.status, tc.body))
			if got, err := c.OpenCheckout(t.Context(), credentials, r); !errors.Is(err, tc.want) || got != (payment.Checkout{}) {
				t.Errorf("%+v %v, want %v", got, err, tc.want)
			}
		})
	}
}

const saved = `{"ResponseCode":0,"TerminalNumber":1000,"LowProfileId":"P-1","ReturnValue":"ours","TranzactionId":12,` +
	`"TranzactionInfo":{"ResponseCode":700,"Last4CardDigits":7,"Last4CardDigitsString":"0007","Brand":"Visa"},"TokenInfo":{"Token":"` + token + `","CardYear":2028,"CardMonth":6}}`

func TestFetchCheckout(t *testing.T) {
	t.Parallel()
	info := saved[strings.Index(saved, `{"ResponseCode":700`):strings.Index(saved, `,"TokenInfo"`)]
	tokenInfo := saved[strings.Index(saved, `{"Token"`) : len(saved)-1]
	card := payment.SavedCard{Token: token, ExpMonth: 6, ExpYear: 2028, Last4: "0007", Brand: "Visa"}
	bare := payment.SavedCard{Token: token, ExpMonth: 6, ExpYear: 2028}
	done := func(c payment.SavedCard) payment.Outcome {
		return payment.Outcome{State: payment.Saved, Code: "000", ProviderTxn: "12", Card: &c}
	}
	notOurs := payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "not_ours"}
	for name, tc := range map[string]struct {
		old, with string
		want      payment.Outcome
	}{
		"the card is saved, its last digits with their zeros": {"", "", done(card)},
		"a year of two digits":                                {"2028", "28", done(card)},
		"no TranzactionInfo: the token is the proof":          {info, "null", done(bare)},
		"no token yet and no attempt: pending":                {info + `,"TokenInfo":` + tokenInfo, "null", payment.Outcome{State: payment.Pending, Code: "000"}},
		"a refused card: the payer may try another":           {`{"ResponseCode":700,` + info[len(`{"ResponseCode":700,`):] + `,"TokenInfo":` + tokenInfo, `{"ResponseCode":33},"TokenInfo":null`, payment.Outcome{State: payment.Declined, Code: "033"}},
		"another terminal's page":                             {"1000", "1001", notOurs},
		"a page with another reference":                       {`"ours"`, `"theirs"`, notOurs},
		"another page":                                        {`"P-1"`, `"P-2"`, notOurs},
		"a page that is open":                                 {saved, `{"ResponseCode":5119}`, payment.Outcome{State: payment.Pending, Code: "5119"}},
		"a page that is not known, or not yet":                {saved, `{"ResponseCode":5096}`, payment.Outcome{State: payment.Pending, Code: "5096"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, answers(200, strings.Replace(saved, tc.old, tc.with, 1)))
			got, err := c.FetchCheckout(t.Context(), credentials, "p-1", "ours")
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%+v %+v %v, want %+v", got, got.Card, err, tc.want)
			}
		})
	}
	for name, tc := range map[string]struct {
		body string
		want error
	}{
		"a wrong name":       {`{"ResponseCode":603}`, payment.ErrCredentials},
		"no code":            {strings.Replace(saved, `"ResponseCode":0,`, "", 1), cardcom.ErrUnreachable},
		"no readable answer": {saved[:80], cardcom.ErrUnreachable},
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, answers(200, tc.body))
			if _, err := c.FetchCheckout(t.Context(), credentials, "p-1", "ours"); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}
