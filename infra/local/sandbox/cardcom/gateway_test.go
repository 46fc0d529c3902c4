package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"
)

// gateway is a running sandbox with terminal 1000, whose webhooks wait for the test to run them.
type gateway struct {
	t      testing.TB
	url    string
	server *server
	path   string
	client *http.Client
	timers []timer
}

type timer struct {
	wait time.Duration
	run  func()
}

type object = map[string]any

func newGateway(t testing.TB) *gateway {
	t.Helper()
	return openGateway(t, filepath.Join(t.TempDir(), "ledger.jsonl"))
}

func openGateway(t testing.TB, path string) *gateway {
	t.Helper()
	book, err := openLedger(path, false)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := loadDeclared()
	if err != nil {
		t.Fatal(err)
	}
	if err := book.putTerminal(terminal{1000, "kravitz", "secret"}); err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, path: path}
	g.server = newServer(options{hang: time.Hour, webhooks: webhookOptions{RetryScale: 1}}, book, fields)
	g.server.webhooks.after = func(wait time.Duration, run func()) { g.timers = append(g.timers, timer{wait, run}) }
	web := httptest.NewServer(g.server.routes())
	g.url, g.server.publicURL = web.URL, web.URL
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	g.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() { transport.CloseIdleConnections(); web.CloseClientConnections(); web.Close(); book.close() })
	return g
}

// raw posts and returns the answer's status and body, and how the reading of it ended.
func (g *gateway) raw(path string, in any) (int, []byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		g.t.Fatal(err)
	}
	resp, err := g.client.Post(g.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// api calls a v11 operation and decodes the answer, numbers as json.Number.
func (g *gateway) api(operation string, in object) (int, object) {
	g.t.Helper()
	status, text, err := g.raw("/api/v11/"+operation, in)
	if err != nil {
		g.t.Fatal(err)
	}
	out := object{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		g.t.Fatalf("%s answered %d %q", operation, status, text)
	}
	return status, out
}

func (g *gateway) control(path string, in any) {
	g.t.Helper()
	if status, text, err := g.raw("/_sandbox/"+path, in); err != nil || status != http.StatusNoContent {
		g.t.Fatalf("control %s: %d %s %v", path, status, text, err)
	}
}

func (g *gateway) ledger(query string) ledgerReport {
	g.t.Helper()
	resp, err := g.client.Get(g.url + "/_sandbox/ledger" + query)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out ledgerReport
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		g.t.Fatal(err)
	}
	return out
}

func with(base object, change object) object {
	out := maps.Clone(base)
	maps.Copy(out, change)
	return out
}

func createBody() object {
	return object{
		"TerminalNumber": 1000, "ApiName": "kravitz", "Operation": "CreateTokenOnly", "Amount": 1.00, "ReturnValue": "session-1",
		"SuccessRedirectUrl": "https://app.example/ok", "FailedRedirectUrl": "https://app.example/fail",
		"CancelRedirectUrl": "https://app.example/cancel", "WebHookUrl": "https://hooks.example/x",
		"AdvancedDefinition": object{"JValidateType": 2},
	}
}

// open makes a hosted page and returns its id and address.
func (g *gateway) open(change object) (id, address string) {
	g.t.Helper()
	status, out := g.api("LowProfile/Create", with(createBody(), change))
	if status != http.StatusOK || out["ResponseCode"] != json.Number("0") {
		g.t.Fatalf("create page: %d %v", status, out)
	}
	return out["LowProfileId"].(string), out["Url"].(string)
}

func cardForm(number string) url.Values {
	return url.Values{
		"CardNumber": {number}, "CardMonth": {"06"}, "CardYear": {fmt.Sprint(time.Now().Year() + 3)}, "Cvv": {"123"},
		"CardOwnerId": {"000000018"}, "CardOwnerName": {"נועה לוי"},
	}
}

// submit posts the form and returns status, Location and page.
func (g *gateway) submit(address string, form url.Values) (int, string, string) {
	g.t.Helper()
	resp, err := g.client.PostForm(address, form)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(text)
}

func (g *gateway) result(id string) object {
	g.t.Helper()
	_, out := g.api("LowProfile/GetLpResult", object{"TerminalNumber": 1000, "ApiName": "kravitz", "LowProfileId": id})
	return out
}

// save stores a card through the hosted page and returns its token.
func (g *gateway) save(number string) string {
	g.t.Helper()
	id, address := g.open(nil)
	if status, _, text := g.submit(address, cardForm(number)); status != http.StatusSeeOther {
		g.t.Fatalf("saving card %s answered %d: %s", number, status, text)
	}
	return g.result(id)["TokenInfo"].(object)["Token"].(string)
}

func chargeBody(token, key string) object {
	return object{
		"TerminalNumber": 1000, "ApiName": "kravitz", "Amount": 249.90, "Token": token, "CardExpirationMMYY": "0640",
		"NumOfPayments": 1, "ISOCoinId": 1, "ExternalUniqTranId": key, "ExternalUniqUniqTranIdResponse": true,
	}
}

// charge charges a token and returns the ResponseCode of a readable answer.
func (g *gateway) charge(token, key string) int {
	g.t.Helper()
	_, out := g.api("Transactions/Transaction", chargeBody(token, key))
	return code(g.t, out)
}

func code(t testing.TB, out object) int {
	t.Helper()
	n, ok := out["ResponseCode"].(json.Number)
	if !ok {
		t.Fatalf("no ResponseCode in %v", out)
	}
	value, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(value)
}

// find looks a key up and returns the ResponseCode.
func (g *gateway) find(key string) int {
	g.t.Helper()
	_, out := g.api("Transactions/GetTransactionByExternalUniqTran",
		object{"TerminalNumber": 1000, "ApiName": "kravitz", "ExternalUniqTranId": key})
	return code(g.t, out)
}
