package cardcom_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fitkit/shared/cardcom"
	"fitkit/shared/payment"
)

const (
	apiName  = "name-cAnArY-1"
	password = "password-cAnArY-2"
	token    = "token-cAnArY-3"
	patience = 20 * time.Second // long enough never to run out where a test does not want it to
)

var (
	credentials = payment.Credentials{Terminal: 1000, Name: apiName, Password: password}
	request     = payment.ChargeRequest{Key: "fk-0123", Amount: 24900, Installments: 1, Token: token, ExpMonth: 6, ExpYear: 2028}
)

// answers is a Cardcom that says the same to everything.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// serve is a client of a Cardcom that answers by h, and how many requests reached it.
func serve(t *testing.T, h http.HandlerFunc) (*cardcom.Client, *atomic.Int32) {
	t.Helper()
	asked := new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	return cardcom.New(srv.URL, patience), asked
}

// hangUp ends the connection without an answer, after the request was read.
func hangUp(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// cutShort promises more bytes than it sends.
func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "500")
	_, _ = io.WriteString(w, `{"ResponseCode":0,"TranzactionId":1,`)
}

const paid = `{"ResponseCode":0,"Description":"ok","TranzactionId":260700001,"Amount":249.0,"CoinId":1,"IsRefund":false}`

func TestCharge(t *testing.T) {
	t.Parallel()
	unknown := func(class payment.Class, code string) payment.Outcome {
		return payment.Outcome{State: payment.Unknown, Class: class, Code: code}
	}
	declined := func(class payment.Class, code string) payment.Outcome {
		return payment.Outcome{State: payment.Declined, Class: class, Code: code}
	}
	noAnswer := unknown(payment.Ambiguous, "no_answer")
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   payment.Outcome
	}{
		"code 0 with our amount in shekels is paid":        {answers(200, paid), payment.Outcome{State: payment.Paid, Code: "000", ProviderTxn: "260700001", Amount: 24900}},
		"numbers written as texts are read":                {answers(200, `{"ResponseCode":"0","TranzactionId":"7","Amount":"249.00","CoinId":"1"}`), payment.Outcome{State: payment.Paid, Code: "000", ProviderTxn: "7", Amount: 24900}},
		"an issuer's code is a decline, of no class yet":   {answers(200, `{"ResponseCode":4,"TranzactionId":9}`), payment.Outcome{State: payment.Declined, Code: "004", ProviderTxn: "9"}},
		"an issuer's code under HTTP 400 is one as well":   {answers(400, `{"ResponseCode":33}`), declined("", "033")},
		"a check of a card moved no money":                 {answers(200, `{"ResponseCode":700}`), declined("", "700")},
		"a wrong name under HTTP 401 is the studio's":      {answers(401, `{"ResponseCode":603,"Description":"bad"}`), declined(payment.ConfigError, "603")},
		"a wrong name under HTTP 200 is the studio's":      {answers(200, `{"ResponseCode":603}`), declined(payment.ConfigError, "603")},
		"a refusal of its own may be the card's alone":     {answers(400, `{"ResponseCode":5033}`), declined(payment.ProviderRefusal, "5033")},
		"its own code for a line that failed is unknown":   {answers(200, `{"ResponseCode":5101,"Description":"Timeout waiting for the acquirer"}`), unknown(payment.Ambiguous, "5101")},
		"so it is in Hebrew":                               {answers(200, `{"ResponseCode":5102,"Description":"שגיאת תקשורת עם שבא"}`), unknown(payment.Ambiguous, "5102")},
		"its own code with any other text is a refusal":    {answers(200, `{"ResponseCode":5033,"Description":"No permission for this operation"}`), declined(payment.ProviderRefusal, "5033")},
		"a key used before must be looked up":              {answers(200, `{"ResponseCode":608}`), unknown(payment.Duplicate, "608")},
		"too many requests: nothing was processed":         {answers(429, `slow down`), declined(payment.Transient, "not_sent")},
		"an HTML page under HTTP 200 is no verdict":        {answers(200, "<html>maintenance</html>"), noAnswer},
		"a gateway time-out is no verdict":                 {answers(504, `{"ResponseCode":4}`), noAnswer},
		"a server error with code 0 is no payment":         {answers(500, paid), noAnswer},
		"a wrong path's 404 is no verdict":                 {answers(404, `{"Message":"No HTTP resource was found"}`), noAnswer},
		"JSON that ends early is no verdict":               {answers(200, paid[:60]), noAnswer},
		"a body cut on the wire is no verdict":             {cutShort, noAnswer},
		"a connection cut before the answer is no verdict": {hangUp, noAnswer},
		"an empty body is no verdict":                      {answers(200, ""), noAnswer},
		"a missing code is never a decline, nor code 0":    {answers(200, `{"Amount":249.0,"CoinId":1,"TranzactionId":5}`), unknown(payment.Ambiguous, "no_code")},
		"a missing code under HTTP 400 is no decline":      {answers(400, `{"Message":"bad"}`), unknown(payment.Ambiguous, "no_code")},
		"null for an answer is no decline":                 {answers(200, `null`), unknown(payment.Ambiguous, "no_code")},
		"success without a transaction is not ours":        {answers(200, `{"ResponseCode":0,"Amount":249.0,"CoinId":1}`), unknown(payment.Ambiguous, "not_ours")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, asked := serve(t, tc.answer)
			if got := c.Charge(t.Context(), credentials, request); got != tc.want || asked.Load() != 1 {
				t.Errorf("%+v after %d requests, want %+v after one", got, asked.Load(), tc.want)
			}
		})
	}
}

func TestASuccessThatIsNotOursIsNeverPaid(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, code string }{
		"another amount":           {strings.Replace(paid, "249.0", "250.0", 1), "amount_mismatch"},
		"one agora less":           {strings.Replace(paid, "249.0", "248.99", 1), "amount_mismatch"},
		"no amount":                {strings.Replace(paid, "249.0", "null", 1), "not_ours"},
		"a fraction of an agora":   {strings.Replace(paid, "249.0", "249.001", 1), "not_ours"},
		"another currency":         {strings.Replace(paid, `"CoinId":1`, `"CoinId":2`, 1), "not_ours"},
		"no currency":              {strings.Replace(paid, `"CoinId":1,`, ``, 1), "not_ours"},
		"a refund":                 {strings.Replace(paid, "false", "true", 1), "not_ours"},
		"transaction zero is none": {strings.Replace(paid, "260700001", "0", 1), "not_ours"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, answers(200, tc.body))
			got := c.Charge(t.Context(), credentials, request)
			if got.State != payment.Unknown || got.Class != payment.Ambiguous || got.Code != tc.code {
				t.Errorf("%+v, want unknown with %s", got, tc.code)
			}
		})
	}
}

func TestARequestThatCannotHaveBeenSeenIsTransient(t *testing.T) {
	t.Parallel()
	want := payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if got := cardcom.New("http://"+l.Addr().String(), patience).Charge(t.Context(), credentials, request); got != want {
			t.Errorf("%+v", got)
		}
	})
	t.Run("the certificate is somebody else's", func(t *testing.T) {
		t.Parallel()
		srv := httptest.NewUnstartedServer(answers(200, paid))
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		t.Cleanup(srv.Close)
		if got := cardcom.New(srv.URL, patience).Charge(t.Context(), credentials, request); got != want {
			t.Errorf("%+v", got)
		}
	})
	t.Run("the time was up before a connection was made", func(t *testing.T) {
		t.Parallel()
		c, asked := serve(t, answers(200, paid))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := c.Charge(ctx, credentials, request); got != want || asked.Load() != 0 {
			t.Errorf("%+v after %d requests", got, asked.Load())
		}
	})
}

func TestARequestWhoseTimeIsUpOnTheWayIsUnknown(t *testing.T) {
	t.Parallel()
	silent := func(arrived func()) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			arrived()
			<-r.Context().Done()
		}
	}
	want := payment.Outcome{State: payment.Unknown, Class: payment.Ambiguous, Code: "no_answer"}
	t.Run("the caller's", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c, _ := serve(t, silent(cancel))
		if got := c.Charge(ctx, credentials, request); got != want {
			t.Errorf("%+v", got)
		}
	})
	t.Run("the client's own", func(t *testing.T) {
		t.Parallel()
		srv := httptest.NewServer(silent(func() {}))
		t.Cleanup(srv.Close)
		if got := cardcom.New(srv.URL, time.Second).Charge(t.Context(), credentials, request); got != want {
			t.Errorf("%+v", got)
		}
	})
}

// A kept connection that the provider closes is what makes net/http send some requests again.
func TestAKeptConnectionThatIsCutSendsNothingTwice(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	c, asked := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			answers(200, paid)(w, r)
			return
		}
		hangUp(w, r)
	})
	if got := c.Charge(t.Context(), credentials, request); got.State != payment.Paid {
		t.Fatalf("%+v", got)
	}
	if got := c.Charge(t.Context(), credentials, request); got.State != payment.Unknown || asked.Load() != 2 {
		t.Errorf("%+v after %d requests, want unknown after two", got, asked.Load())
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 307, 308} {
		elsewhere, followed := new(atomic.Int32), answers(200, paid)
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { elsewhere.Add(1); followed(w, r) }))
		t.Cleanup(other.Close)
		c, asked := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		got := c.Charge(t.Context(), credentials, request)
		if got.State != payment.Unknown || asked.Load() != 1 || elsewhere.Load() != 0 {
			t.Errorf("%d: %+v, %d here, %d elsewhere", status, got, asked.Load(), elsewhere.Load())
		}
	}
}

// said is a Cardcom that keeps the last request: its path and its body, raw and read.
func said(t *testing.T, body string) (c *cardcom.Client, path, raw *string, fields *map[string]any) {
	t.Helper()
	path, raw, fields = new(string), new(string), new(map[string]any)
	c, _ = serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*path, *raw = r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type"), string(b)
		clear(*fields)
		_ = json.Unmarshal(b, fields)
		answers(200, body)(w, r)
	})
	return c, path, raw, fields
}
