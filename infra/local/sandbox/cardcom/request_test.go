package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestRequestsAreCheckedAgainstTheDeclaredFields(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	for name, tc := range map[string]struct {
		change object
		drop   string
		status int
		names  string
	}{
		"a field that is not declared":               {change: object{"ExternalUniqTranIdResponse": true}, status: 400, names: "ExternalUniqTranIdResponse"},
		"a terminal number sent as text":             {change: object{"TerminalNumber": "1000"}, status: 400, names: "TerminalNumber"},
		"an amount sent as text":                     {change: object{"Amount": "249.90"}, status: 400, names: "Amount"},
		"a third decimal":                            {change: object{"Amount": json.Number("1.005")}, status: 400, names: "decimals"},
		"an amount of nothing":                       {change: object{"Amount": 0}, status: 400, names: "Amount"},
		"more payments than allowed":                 {change: object{"NumOfPayments": 37}, status: 400, names: "NumOfPayments"},
		"a token that is no GUID":                    {change: object{"Token": "abc"}, status: 400, names: "Token"},
		"a null where none is allowed":               {change: object{"Advanced": object{"IsRefund": nil}}, status: 400, names: "IsRefund"},
		"a misspelt language of the document":        {change: object{"Document": object{"Name": "n", "Language": "he"}}, status: 400, names: "Language"},
		"a document type that does not exist":        {change: object{"Document": object{"Name": "n", "DocumentTypeToCreate": "Bill"}}, status: 400, names: "Document"},
		"a stored CVV":                               {change: object{"CVV2": "123"}, status: 400, names: "CVV2"},
		"a missing expiry":                           {drop: "CardExpirationMMYY", status: 400, names: "CardExpirationMMYY"},
		"a missing amount":                           {drop: "Amount", status: 400, names: "Amount"},
		"a terminal that does not exist":             {change: object{"TerminalNumber": 2}, status: 401, names: "ApiName"},
		"the name of another terminal":               {change: object{"ApiName": "else"}, status: 401, names: "ApiName"},
		"a refund by token without the password":     {change: object{"Advanced": object{"IsRefund": true}}, status: 401, names: "ApiPassword"},
		"a hold, which the sandbox does not capture": {change: object{"Advanced": object{"IsRefund": false, "MTI": 420}}, status: 200, names: "holds"},
	} {
		t.Run(name, func(t *testing.T) {
			body := with(chargeBody(token, "bad"), tc.change)
			delete(body, tc.drop)
			status, out := g.api("Transactions/Transaction", body)
			if status != tc.status || !strings.Contains(out["Description"].(string), tc.names) {
				t.Errorf("got %d %v", status, out)
			}
			if status == http.StatusUnauthorized && code(t, out) != 603 {
				t.Errorf("unauthorized answered code %v", out["ResponseCode"])
			}
		})
	}
	if n := g.ledger("").Totals.Captured; n != 0 {
		t.Errorf("refused requests captured %d times", n)
	}
}

func TestAPathThatDoesNotExistAnswersWithoutAResponseCode(t *testing.T) {
	status, out := newGateway(t).api("Transactions/Charge", object{})
	if _, found := out["ResponseCode"]; status != http.StatusNotFound || found || out["Message"] == nil {
		t.Errorf("got %d %v", status, out)
	}
}

func TestATerminalAddedLaterHasItsOwnCredentialsAndTokens(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	g.control("terminals", terminal{2001, "other", "pw"})
	status, out := g.api("Transactions/Transaction",
		with(chargeBody(token, "k"), object{"TerminalNumber": 2001, "ApiName": "other"}))
	if status != http.StatusOK || code(t, out) != codeInvalidCard {
		t.Errorf("another terminal's token: %d %v", status, out)
	}
	if status, _, _ := g.raw("/_sandbox/terminals", object{"terminal": 5}); status != http.StatusBadRequest {
		t.Errorf("a terminal without credentials: %d", status)
	}
}

func TestAmountsTravelAsDecimalShekels(t *testing.T) {
	for text, want := range map[string]shekels{"249": 24900, "249.9": 24990, "0.01": 1, "150.500": 15050, "-3.05": -305} {
		var got shekels
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s read as %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"1.005", "1e3", `"5"`, "9999999999999"} {
		var got shekels
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s read as %d", text, got)
		}
	}
	if text, err := json.Marshal(shekels(-305)); err != nil || string(text) != "-3.05" {
		t.Errorf("wrote %s, %v", text, err)
	}
}
