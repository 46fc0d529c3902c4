package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestTheLedgerSurvivesAKill opens the file a second time while the first process still holds
// it, which is what a process finds that starts after kill -9.
func TestTheLedgerSurvivesAKill(t *testing.T) {
	g := newGateway(t)
	g.control("terminals", terminal{2001, "other", "pw"})
	token, scripted := g.save("4580000000000000"), g.save("4580000000000204")
	g.charge(token, "k")
	g.charge(scripted, "a")
	m := newMerchant(t)
	_, address := g.open(object{"WebHookUrl": m.url})
	g.submit(address, cardForm("4580000000000000"))

	after := openGateway(t, g.path)
	if got, want := after.ledger("").Totals, g.ledger("").Totals; got != want || got.Captured != 1 {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	if after.charge(token, "k") != 0 || after.ledger("").Totals.Captured != 1 {
		t.Error("the key was forgotten")
	}
	if b, c := after.charge(scripted, "b"), after.charge(scripted, "c"); b != 4 || c != 0 {
		t.Errorf("the script went on with %d, %d", b, c)
	}
	if len(after.server.book.terminals) != 2 {
		t.Error("the added terminal was forgotten")
	}
	after.server.webhooks.resume(after.server.book.unreported())
	if after.fire(); len(m.bodies) != 1 {
		t.Errorf("the owed webhook came %d times", len(m.bodies))
	}
	if owed := openGateway(t, g.path).server.book.unreported(); len(owed) != 2 {
		t.Errorf("%d webhooks are still owed, not those of the two saved cards", len(owed))
	}
}

func TestResetForgetsMoneyAndKeepsTerminals(t *testing.T) {
	g := newGateway(t)
	g.charge(g.save("4580000000000000"), "k")
	g.control("reset", object{})
	if report := g.ledger(""); report.Totals.Captured != 0 || report.Calls.Transactions != 0 {
		t.Errorf("after reset %+v", report)
	}
	if g.charge(g.save("4580000000000000"), "k") != 0 || openGateway(t, g.path).ledger("").Totals.Captured != 1 {
		t.Error("the sandbox does not go on after a reset")
	}
}

func TestTheLedgerIsFilteredByTimeAndTerminal(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	for day := range 3 {
		g.server.now = func() time.Time { return time.Date(2026, 11, 1+day, 12, 0, 0, 0, time.UTC) }
		g.charge(token, fmt.Sprint("k", day))
	}
	for query, want := range map[string]int{
		"": 3, "?from=2026-11-02T00:00:00Z": 2, "?to=2026-11-02T12:00:00Z": 1, "?terminal=1000": 3, "?terminal=7": 0,
	} {
		if got := len(g.ledger(query).Transactions); got != want {
			t.Errorf("%q gives %d, want %d", query, got, want)
		}
	}
	_, out := g.api("Transactions/ListTransactions", object{"ApiName": "kravitz", "ApiPassword": "secret",
		"FromDate": "02112026", "ToDate": "03112026", "TranStatus": "All", "Page": 1, "Page_size": 10})
	if list := out["Tranzactions"].([]any); len(list) != 2 {
		t.Errorf("listed %d", len(list))
	}
}

func TestListTransactionsTellsSuccessFromFailure(t *testing.T) {
	g := newGateway(t)
	g.charge(g.save("4580000000000000"), "good")
	g.charge(g.save("4580000000000004"), "bad")
	today := time.Now().In(israel).Format("02012006")
	body := object{"ApiName": "kravitz", "ApiPassword": "secret", "FromDate": today, "ToDate": today, "Page": 1, "Page_size": 10}
	for status, want := range map[string]int{"Success": 3, "Failure": 1, "All": 4} { // two card checks among them
		if _, out := g.api("Transactions/ListTransactions", with(body, object{"TranStatus": status})); len(out["Tranzactions"].([]any)) != want {
			t.Errorf("%s lists %v", status, out)
		}
	}
	if status, _ := g.api("Transactions/ListTransactions", with(body, object{"ApiPassword": "x"})); status != http.StatusUnauthorized {
		t.Errorf("a wrong password answered %d", status)
	}
	if status, _ := g.api("Transactions/ListTransactions", with(body, object{"Page_size": 5})); status != http.StatusBadRequest {
		t.Errorf("a small page answered %d", status)
	}
}

func TestClearingParametersAreInAgorotAndCountFurtherPayments(t *testing.T) {
	g := newGateway(t)
	_, charged := g.api("Transactions/Transaction", with(chargeBody(g.save("4580000000000000"), "k"), object{"NumOfPayments": 3}))
	id := charged["TranzactionId"]
	_, text, err := g.raw("/api/v11/Transactions/GetTransactionInfoById", object{
		"TerminalNumber": 1000, "UserName": "kravitz", "UserPassword": "secret", "InternalDealNumber": id})
	var out []shvaParameters
	if err != nil || json.Unmarshal(text, &out) != nil || len(out) != 1 || out[0].Sum36 != 24990 || out[0].NumberOfPayments94 != 2 {
		t.Errorf("got %s %v", text, err)
	}
}

func TestRefundsFollowTheVendorsRules(t *testing.T) {
	g := newGateway(t)
	_, charged := g.api("Transactions/Transaction", chargeBody(g.save("4580000000000000"), "k"))
	body := object{"ApiName": "kravitz", "ApiPassword": "secret", "TransactionId": charged["TranzactionId"]}
	steps := []struct {
		name   string
		change object
		want   int
	}{
		{"a part without leave for several refunds", object{"PartialSum": 10}, codeRefund},
		{"more than was charged", object{"PartialSum": 1000, "AllowMultipleRefunds": true}, codeRefund},
		{"a part", object{"PartialSum": 49.90, "AllowMultipleRefunds": true}, 0},
		{"all of it, though a part went back", nil, codeRefund},
		{"the rest", object{"PartialSum": 200, "AllowMultipleRefunds": true}, 0},
		{"one agora more", object{"PartialSum": 0.01, "AllowMultipleRefunds": true}, codeRefund},
		{"a transaction that does not exist", object{"TransactionId": 1}, codeRefund},
	}
	for _, step := range steps {
		if _, out := g.api("Transactions/RefundByTransactionId", with(body, step.change)); code(t, out) != step.want {
			t.Errorf("%s answered %v", step.name, out)
		}
	}
	if got := g.ledger(""); got.Totals.RefundedAgorot != 24990 || got.Transactions[0].Refunded != 24990 || len(got.Refunds) != 2 {
		t.Errorf("ledger %+v", got)
	}
}

func TestACancellationIsPossibleUntilTheDayEndsInIsrael(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	for name, tc := range map[string]struct {
		charged, cancelled time.Time
		want               int
	}{
		"before midnight":                 {time.Date(2026, 11, 1, 9, 0, 0, 0, israel), time.Date(2026, 11, 1, 23, 59, 0, 0, israel), 0},
		"after midnight, same day in UTC": {time.Date(2026, 11, 1, 23, 59, 0, 0, israel), time.Date(2026, 11, 2, 0, 1, 0, 0, israel), codeRefund},
	} {
		g.server.now = func() time.Time { return tc.charged }
		_, charged := g.api("Transactions/Transaction", chargeBody(token, name))
		g.server.now = func() time.Time { return tc.cancelled }
		_, out := g.api("Transactions/RefundByTransactionId", object{"ApiName": "kravitz", "ApiPassword": "secret",
			"TransactionId": charged["TranzactionId"], "CancelOnly": true})
		if code(t, out) != tc.want {
			t.Errorf("%s answered %v", name, out)
		}
	}
}

func TestARefundByTokenIsOncePerKey(t *testing.T) {
	g := newGateway(t)
	body := with(chargeBody(g.save("4580000000000000"), "back"), object{"Advanced": object{"IsRefund": true, "ApiPassword": "secret"}})
	_, first := g.api("Transactions/Transaction", body)
	_, again := g.api("Transactions/Transaction", body)
	if first["IsRefund"] != true || first["TranzactionId"] != again["TranzactionId"] || g.ledger("").Totals.RefundedAgorot != 24990 {
		t.Errorf("first %v again %v", first, again)
	}
}

func TestReplacedCardsAreListedOnceTheyAreReplaced(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	g.control("tokens/"+token, object{"replacement": object{"status": 1, "last4": "4321", "expMonth": 7, "expYear": 2031}})
	body := object{"apiUserName": "kravitz", "apiPassword": "secret",
		"fromDate": time.Now().Add(-time.Hour).Format(time.RFC3339), "toDate": time.Now().Add(time.Hour).Format(time.RFC3339)}
	_, out := g.api("RecuringPayments/GetMuhlafimByDate", body)
	list := out["UpdateList"].([]any)[0].(object)["UpdatedTokenList"].([]any)
	if len(list) != 1 || list[0].(object)["Token"] != token || list[0].(object)["NewExpirationDateYYYY"] != json.Number("2031") {
		t.Errorf("got %v", out)
	}
}

func TestAnOutageStopsTheGatewayButNotItsControls(t *testing.T) {
	g := newGateway(t)
	token := g.save("4580000000000000")
	g.control("outage", object{"mode": "502"})
	if status, _, err := g.raw("/api/v11/Transactions/Transaction", chargeBody(token, "k")); status != http.StatusBadGateway {
		t.Errorf("502: %d %v", status, err)
	}
	g.control("outage", object{"mode": "refuse"})
	if _, _, err := g.raw("/api/v11/Transactions/Transaction", chargeBody(token, "k")); err == nil {
		t.Error("refuse: the request was answered")
	}
	g.server.hang = 0
	g.control("outage", object{"mode": "timeout"})
	if _, _, err := g.raw("/api/v11/Transactions/Transaction", chargeBody(token, "k")); err == nil {
		t.Error("timeout: the request was answered")
	}
	if n := g.ledger("").Calls.Transactions; n != 0 {
		t.Errorf("%d transactions reached the gateway", n)
	}
	g.control("outage", object{"mode": "off"})
	if g.charge(token, "k") != 0 {
		t.Error("the gateway did not come back")
	}
}

// BenchmarkTransaction is one charge through HTTP, kept in the ledger file before the answer.
func BenchmarkTransaction(b *testing.B) {
	g := newGateway(b)
	token := g.save("4580000000000000")
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, out := g.api("Transactions/Transaction", chargeBody(token, newGUID())); out["ResponseCode"] != json.Number("0") {
				b.Errorf("answered %v", out)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "charges/s")
}
