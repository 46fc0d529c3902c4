package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/proc"
	"fitkit/infra/local/seed"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/cardcom"
	"fitkit/shared/money"
	"fitkit/shared/payment"
)

// sandbox is Cardcom, a process with a ledger of its own.
type sandbox struct {
	url    string
	client *cardcom.Client
}

func startSandbox(t testing.TB) *sandbox {
	t.Helper()
	said, output := io.Pipe()
	child, err := proc.Start(proc.Options{
		Name: "Cardcom's sandbox", Path: filepath.Join(binaries(t), "cardcom"), Env: []string{}, Stdout: output, Stderr: io.Discard,
		Args: []string{"-state", t.TempDir(), "-terminal", fmt.Sprintf("%d:%s:%s", billingtest.Terminal, billingtest.APIName, billingtest.APIPassword)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := child.Stop(); err != nil {
			t.Error(err)
		}
		_ = output.Close() // a pipe in memory
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("Cardcom's sandbox said %q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // ends with the pipe
	return &sandbox{url, cardcom.New(url, time.Minute)}
}

var credentials = payment.Credentials{Terminal: billingtest.Terminal, Name: billingtest.APIName, Password: billingtest.APIPassword}

// nationalID is one that the hosted page takes.
const nationalID = "000000018"

// saveCard types a test card into a hosted page, as a member would. The sandbox's README lists the numbers.
func (s *sandbox) saveCard(t testing.TB, number string) payment.SavedCard {
	t.Helper()
	ctx := t.Context()
	page, err := s.client.OpenCheckout(ctx, credentials, payment.CheckoutRequest{Reference: "card", Amount: 100, Language: "he",
		SuccessURL: "https://app.example/ok", FailURL: "https://app.example/no", NotifyURL: "https://api.example/hook"})
	if err != nil {
		t.Fatal(err)
	}
	if err := seed.SaveCard(ctx, page.URL, number, nationalID); err != nil {
		t.Fatal(err)
	}
	saved, err := s.client.FetchCheckout(ctx, credentials, page.Ref, "card")
	if err != nil || saved.Card == nil {
		t.Fatalf("read the page: %+v %v", saved, err)
	}
	return *saved.Card
}

// ledger is what the sandbox says it took.
type ledger struct {
	Transactions []struct {
		ID     int64        `json:"tranzactionId"`
		Key    string       `json:"externalUniqTranId"`
		Amount money.Agorot `json:"amountAgorot"`
	} `json:"transactions"`
	Totals struct {
		Captured  int          `json:"captured"`
		Sum       money.Agorot `json:"capturedAgorot"`
		MostByKey int          `json:"maxCapturesPerExternalUniqTranId"`
	} `json:"totals"`
	Calls struct {
		Transactions int `json:"transactions"`
		Replays      int `json:"replays"`
		Lookups      int `json:"lookups"`
	} `json:"calls"`
}

func (s *sandbox) ledger(t testing.TB) (l ledger) {
	t.Helper()
	res, err := http.Get(s.url + "/_sandbox/ledger")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&l); err != nil {
		t.Fatal(err)
	}
	return l
}

// outage makes every call of the API fail as mode says, until "off".
func (s *sandbox) outage(t testing.TB, mode string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/_sandbox/outage", strings.NewReader(`{"mode":"`+mode+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("outage %s: %s", mode, res.Status)
	}
}
