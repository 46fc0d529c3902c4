package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSavingACardChecksItAndTakesNoMoney(t *testing.T) {
	g := newGateway(t)
	id, address := g.open(nil)
	if got := code(t, g.result(id)); got != codePending {
		t.Errorf("an unpaid page answered %d", got)
	}
	status, location, _ := g.submit(address, cardForm("4580 0000 0000 0104"))
	if status != http.StatusSeeOther || location != "https://app.example/ok" {
		t.Fatalf("answered %d %s", status, location)
	}
	out := g.result(id)
	token, ui, tran := out["TokenInfo"].(object), out["UIValues"].(object), out["TranzactionInfo"].(object)
	year := time.Now().Year() + 3
	if code(t, out) != 0 || code(t, tran) != 700 || out["ReturnValue"] != "session-1" || !guid.MatchString(token["Token"].(string)) {
		t.Errorf("result %v", out)
	}
	if token["CardYear"] != json.Number(fmt.Sprint(year)) || ui["CardYear"] != json.Number(fmt.Sprint(year%100)) ||
		token["TokenExDate"] != fmt.Sprintf("%d0601", year) {
		t.Errorf("years: token %v, page %v", token, ui)
	}
	if n := g.ledger("").Totals.Captured; n != 0 {
		t.Errorf("captured %d", n)
	}
}

func TestWithoutAValidationTypeACardIsHeldNotChecked(t *testing.T) {
	g := newGateway(t)
	id, address := g.open(object{"AdvancedDefinition": object{}})
	g.submit(address, cardForm("4580000000000000"))
	if tran := g.result(id)["TranzactionInfo"].(object); code(t, tran) != 701 {
		t.Errorf("got %v", tran)
	}
}

func TestAChargeOnThePageMayBeTriedAgainAfterADecline(t *testing.T) {
	g := newGateway(t)
	id, address := g.open(object{"Operation": "ChargeAndCreateToken", "Amount": json.Number("150.50"), "Document": object{"Name": "n"}})
	status, _, text := g.submit(address, cardForm("4580000000008004"))
	if status != http.StatusPaymentRequired || !strings.Contains(text, hebrew.Declined) || !strings.Contains(text, `dir="rtl"`) {
		t.Errorf("decline answered %d", status)
	}
	if out := g.result(id); code(t, out) != 4 || code(t, out["TranzactionInfo"].(object)) != 4 || out["TokenInfo"] != nil {
		t.Errorf("declined attempt %v", out)
	}
	if status, _, _ := g.submit(address, cardForm("4580000000000000")); status != http.StatusSeeOther {
		t.Errorf("retry answered %d", status)
	}
	out := g.result(id)
	if tran := out["TranzactionInfo"].(object); code(t, tran) != 0 || tran["Amount"] != json.Number("150.50") || out["DocumentInfo"] == nil {
		t.Errorf("paid %v", out)
	}
	if status, _, _ := g.submit(address, cardForm("4580000000000000")); status != http.StatusConflict {
		t.Errorf("paying twice answered %d", status)
	}
	if got := g.ledger("").Totals; got.CapturedAgorot != 15050 {
		t.Errorf("ledger %+v", got)
	}
}

// The form's own look at the page comes before the lock, so the race is run on the ledger.
func TestAPageIsPaidOnceHoweverOftenTheButtonIsPressed(t *testing.T) {
	g := newGateway(t)
	id, _ := g.open(object{"Operation": "ChargeOnly", "Amount": 10})
	in := payment{Number: "4580000000000000", ExpMonth: 6, ExpYear: time.Now().Year() + 3, Payments: 1}
	var presses sync.WaitGroup
	var taken atomic.Int32
	for range 20 {
		presses.Go(func() {
			_, fresh, err := g.server.book.pay(id, in, func() webhookMode { return webhookNever }, time.Now())
			if err != nil {
				t.Error(err)
			}
			if fresh {
				taken.Add(1)
			}
		})
	}
	presses.Wait()
	if n := g.ledger("").Totals.Captured; n != 1 || taken.Load() != 1 {
		t.Errorf("captured %d, taken %d", n, taken.Load())
	}
}

func TestMistakesInTheFormAreSaidOnThePage(t *testing.T) {
	g := newGateway(t)
	for name, tc := range map[string]struct{ field, value, want string }{
		"a number with letters":          {"CardNumber", "4580x", english.BadNumber},
		"a month that does not exist":    {"CardMonth", "13", english.BadExpiry},
		"an expiry in the past":          {"CardYear", "20", english.BadExpiry},
		"a CVV of two digits":            {"Cvv", "12", english.BadCVV},
		"a national ID with a bad digit": {"CardOwnerId", "000000019", english.BadID},
		"more payments than offered":     {"NumOfPayments", "4", english.BadPayments},
		"a card outside the table":       {"CardNumber", "4111111111111111", english.Declined},
	} {
		t.Run(name, func(t *testing.T) {
			_, address := g.open(object{"Language": "en"})
			form := cardForm("4580000000000000")
			form.Set(tc.field, tc.value)
			status, _, text := g.submit(address, form)
			if status/100 != 4 || !strings.Contains(text, tc.want) || !strings.Contains(text, `dir="ltr"`) {
				t.Errorf("answered %d without %q", status, tc.want)
			}
		})
	}
}

func TestLeavingThePageGoesToTheMerchantsAddress(t *testing.T) {
	g := newGateway(t)
	_, address := g.open(nil)
	leave := cardForm("")
	leave.Set("action", "cancel")
	if _, location, _ := g.submit(address, leave); location != "https://app.example/cancel" {
		t.Errorf("before a try: %s", location)
	}
	g.submit(address, cardForm("4580000000008036"))
	if _, location, _ := g.submit(address, leave); location != "https://app.example/fail" {
		t.Errorf("after a decline: %s", location)
	}
	if status, _, _ := g.submit(strings.Replace(address, "/1000/", "/1001/", 1), leave); status != http.StatusNotFound {
		t.Errorf("another terminal's address answered %d", status)
	}
}

func TestAnUnknownPageIsPendingOrNotFound(t *testing.T) {
	if got := code(t, newGateway(t).result(newGUID())); got != codeNotFound {
		t.Errorf("answered %d", got)
	}
}

// Planted faults that it caught: the whole page shown, with its payer and its token; the oldest first.
func TestTheListOfPagesTellsNothingOfThePayer(t *testing.T) {
	g := newGateway(t)
	old, address := g.open(nil)
	g.submit(address, cardForm("4580000000000000"))
	newer, _ := g.open(nil)
	resp, err := g.client.Get(g.url + "/_sandbox/pages")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	first, second := strings.Index(string(text), newer), strings.Index(string(text), old)
	if first < 0 || second < first || !strings.Contains(string(text), address) {
		t.Errorf("listed %s", text)
	}
	for _, secret := range []string{`"payer"`, `"token"`, "נועה", "000000018"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
}

func TestNothingOfTheCardButItsEndIsOnDisk(t *testing.T) {
	g := newGateway(t)
	_, address := g.open(nil)
	form := cardForm("4580000000009011")
	form.Set("Cvv", "7391")
	form.Set("CardOwnerId", "200000008")
	g.submit(address, form)
	text, err := os.ReadFile(g.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"4580000000009011", "7391", "200000008"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in the ledger file", secret)
		}
	}
	if !strings.Contains(string(text), `"last4":"9011"`) {
		t.Error("the card was not kept at all")
	}
}
