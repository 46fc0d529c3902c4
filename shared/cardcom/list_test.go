package cardcom_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fitkit/shared/cardcom"
	"fitkit/shared/payment"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   payment.Outcome
	}{
		"found: paid with what was captured": {answers(200, paid), payment.Outcome{State: payment.Paid, Code: "000", ProviderTxn: "260700001", Amount: 24900}},
		"not found":                          {answers(200, `{"ResponseCode":5018}`), payment.Outcome{State: payment.NotFound, Code: "5018"}},
		"a wrong name says nothing of it":    {answers(401, `{"ResponseCode":603}`), payment.Outcome{Class: payment.ConfigError, Code: "603"}},
		"garbage":                            {answers(200, "<html>"), payment.Outcome{Class: payment.Ambiguous, Code: "no_answer"}},
		"a server error":                     {answers(502, `{"ResponseCode":5018}`), payment.Outcome{Class: payment.Ambiguous, Code: "no_answer"}},
		"too many requests":                  {answers(429, `{"ResponseCode":5018}`), payment.Outcome{Class: payment.Ambiguous, Code: "no_answer"}},
		"no connection":                      {hangUp, payment.Outcome{Class: payment.Ambiguous, Code: "no_answer"}},
		"no code is not the same as none":    {answers(200, `{}`), payment.Outcome{Class: payment.Ambiguous, Code: "no_code"}},
		"found without an amount":            {answers(200, `{"ResponseCode":0,"TranzactionId":1,"CoinId":1}`), payment.Outcome{Class: payment.Ambiguous, Code: "no_amount"}},
		"found in another currency":          {answers(200, strings.Replace(paid, `"CoinId":1`, `"CoinId":2`, 1)), payment.Outcome{Class: payment.Ambiguous, Code: "not_ours", ProviderTxn: "260700001"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, tc.answer)
			if got := c.Lookup(t.Context(), credentials, request.Key); got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestListReadsEveryPageAndLeavesOutChecks(t *testing.T) {
	t.Parallel()
	line := `{"ResponseCode":0,"TranzactionId":%d,"Amount":19.9,"CoinId":1}`
	first := strings.TrimSuffix(strings.Repeat(fmt.Sprintf(line, 1)+",", 500), ",")
	second := fmt.Sprintf(line, 2) + `,{"ResponseCode":700,"TranzactionId":3,"Amount":1,"CoinId":1},{"ResponseCode":701,"TranzactionId":4,"Amount":1,"CoinId":1},` +
		`{"ResponseCode":0,"TranzactionId":6,"Amount":5,"CoinId":1,"IsRefund":true},{"ResponseCode":0,"TranzactionId":7,"Amount":5,"CoinId":2},{"ResponseCode":10,"TranzactionId":8,"Amount":2,"CoinId":1}`
	var asked []string
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = append(asked, string(b))
		answers(200, `{"ResponseCode":0,"Tranzactions":[`+[]string{first, second}[len(asked)-1]+`]}`)(w, r)
	})
	got, err := c.List(t.Context(), credentials, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	if err != nil || len(got) != 504 || len(asked) != 2 {
		t.Fatalf("%d lines in %d requests, %v", len(got), len(asked), err)
	}
	if got[0] != (payment.Transaction{ProviderTxn: "1", Amount: 1990}) || got[500].ProviderTxn != "2" || got[501] != (payment.Transaction{ProviderTxn: "6", Amount: 500, Refund: true}) ||
		got[502] != (payment.Transaction{ProviderTxn: "7", Amount: 500, Foreign: true}) || got[503].ProviderTxn != "8" {
		t.Errorf("%+v … %+v", got[0], got[500:])
	}
	for _, part := range []string{`"FromDate":"01032026"`, `"ToDate":"02032026"`, `"TranStatus":"Success"`, `"Page":2`, `"Page_size":500`, `"LimitForTerminal":1000`, `"ApiPassword":"` + password} {
		if !strings.Contains(asked[1], part) {
			t.Errorf("no %s in %s", part, asked[1])
		}
	}
}

func TestAListThatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	c, asked := serve(t, answers(200, `{"ResponseCode":0,"Tranzactions":[`+strings.TrimSuffix(strings.Repeat(`{"ResponseCode":700},`, 500), ",")+`]}`))
	if got, err := c.List(t.Context(), credentials, time.Now(), time.Now()); !errors.Is(err, cardcom.ErrUnreachable) || got != nil || asked.Load() != 400 {
		t.Errorf("%d lines, %v after %d requests", len(got), err, asked.Load())
	}
}

func TestAListThatCannotBeReadIsAnErrorNotAShortList(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"ResponseCode":603}`:  payment.ErrCredentials,
		`{"ResponseCode":9999}`: cardcom.ErrUnreachable,
		`{"Tranzactions":[]}`:   cardcom.ErrUnreachable,
		`<html>`:                cardcom.ErrUnreachable,
		`{"ResponseCode":0}`:    cardcom.ErrUnreachable,
		`{"ResponseCode":0,"Tranzactions":[{"TranzactionId":5,"Amount":1,"CoinId":1}]}`:       cardcom.ErrUnreachable,
		`{"ResponseCode":0,"Tranzactions":[{"ResponseCode":0,"TranzactionId":1,"CoinId":1}]}`: cardcom.ErrUnreachable,
	} {
		c, _ := serve(t, answers(200, body))
		if got, err := c.List(t.Context(), credentials, time.Now(), time.Now()); !errors.Is(err, want) || got != nil {
			t.Errorf("%s: %v %v, want %v", body, got, err, want)
		}
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		refusing string // the path's end that answers 603
		password bool
		asks     int32
		want     error
	}{
		"all is right": {"none", true, 3, nil},
		"without a password the list is not read": {"ListTransactions", false, 2, nil},
		"a wrong name":     {"Create", true, 1, payment.ErrCredentials},
		"a wrong password": {"ListTransactions", true, 3, payment.ErrCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, asked := serve(t, probed(tc.refusing))
			cr := credentials
			if !tc.password {
				cr.Password = ""
			}
			if err := c.Probe(t.Context(), cr); !errors.Is(err, tc.want) || asked.Load() != tc.asks {
				t.Errorf("%v after %d requests, want %v after %d", err, asked.Load(), tc.want, tc.asks)
			}
		})
	}
}

func probed(refusing string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, refusing):
			answers(401, `{"ResponseCode":603}`)(w, r)
		case strings.HasSuffix(r.URL.Path, "Create"):
			answers(200, `{"ResponseCode":0,"LowProfileId":"p-1","Url":"https://pay.example"}`)(w, r)
		case strings.HasSuffix(r.URL.Path, "GetLpResult"):
			answers(200, `{"ResponseCode":5096}`)(w, r)
		default:
			answers(200, `{"ResponseCode":0,"Tranzactions":[]}`)(w, r)
		}
	}
}

// The provider may quote what it was sent; nothing of it may come back in a text that ends in a log.
func TestSecretsAreInNoErrorAndNoOutcome(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	quotes := []int{200, 400, 401, 429, 500}
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		i := int(n.Add(1))
		if i%7 == 0 {
			hangUp(w, r)
			return
		}
		answers(quotes[i%len(quotes)], `{"ResponseCode":`+[]string{"603", "5033", `"`}[i%3]+`,"Description":`+fmt.Sprintf("%q", b)+`}`)(w, r)
	})
	var texts strings.Builder
	for range 35 {
		_, opened := c.OpenCheckout(t.Context(), credentials, payment.CheckoutRequest{})
		_, fetched := c.FetchCheckout(t.Context(), credentials, "p-1", "ours")
		_, listed := c.List(t.Context(), credentials, time.Now(), time.Now())
		fmt.Fprintf(&texts, "%+v %+v %+v %#v %+v %+v\n", opened, fetched, listed, listed,
			c.Charge(t.Context(), credentials, request), c.Lookup(t.Context(), credentials, request.Key))
	}
	fmt.Fprintf(&texts, "%+v %+v", credentials, request)
	if strings.Contains(texts.String(), "cAnArY") {
		t.Error(texts.String())
	}
}
