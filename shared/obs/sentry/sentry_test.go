package sentry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"fitkit/shared/obs"
	"fitkit/shared/obs/sentry"
	"fitkit/shared/retry/outagetest"
	"fitkit/shared/secret"
)

const canary = "tweety.canary@example.com"

// vendor is a Sentry that answers with status and keeps what it was sent.
func vendor(t *testing.T, status int, header ...string) (c *sentry.Client, got *[]string) {
	t.Helper()
	got = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = append(*got, r.URL.Path+" "+r.Header.Get("X-Sentry-Auth")+"\n"+string(body))
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	c, err := sentry.New(secret.Secret(strings.Replace(server.URL, "http://", "http://public@", 1)+"/42"), "test")
	if err != nil {
		t.Fatal(err)
	}
	return c, got
}

// invoke runs an invocation that fails, or does not.
func invoke(failed bool, code string) {
	ctx, event := obs.Start(context.Background(), "api-example-create", "r-1")
	ctx = obs.WithCorrelation(ctx, "the-request")
	obs.Add(ctx, "code", code)
	obs.Add(ctx, "stack", "panic: "+canary)
	if failed {
		obs.Failed(ctx, errors.New("of "+canary))
	}
	event.End(ctx)
}

func report(t *testing.T, c *sentry.Client) {
	var log bytes.Buffer
	obs.Redirect(&log)
	obs.ReportTo(c.Report)
	t.Cleanup(func() {
		obs.Redirect(os.Stdout)
		obs.ReportTo(nil)
	})
}

func TestOnlyAFailureIsReportedByIdsAndCodes(t *testing.T) {
	c, got := vendor(t, 200)
	report(t, c)
	invoke(false, "ok")
	if len(*got) != 0 {
		t.Fatalf("a success was reported: %s", *got)
	}
	invoke(true, "internal")
	if len(*got) != 1 {
		t.Fatalf("%d reports", len(*got))
	}
	for _, part := range []string{"/api/42/envelope/ ", "sentry_key=public", `"correlation_id":"the-request"`, `"code":"internal"`, `"server_name":"api-example-create"`} {
		if !strings.Contains((*got)[0], part) {
			t.Errorf("no %s in %s", part, (*got)[0])
		}
	}
	if strings.Contains((*got)[0], canary) {
		t.Errorf("it tells what somebody typed: %s", (*got)[0])
	}
}

func TestOneKindOfFailureMakesLittleNoise(t *testing.T) {
	c, got := vendor(t, 200)
	report(t, c)
	for range 20 {
		invoke(true, "internal")
	}
	invoke(true, "unavailable")
	if len(*got) != 6 {
		t.Errorf("%d reports of two kinds, want 5 and 1", len(*got))
	}
}

func TestSentryIsLeftAloneWhenItSaysSo(t *testing.T) {
	for name, header := range map[string][]string{
		"for so long":                   {"Retry-After", "60"},
		"for so long, in its own words": {"X-Sentry-Rate-Limits", "60:error;transaction:organization"},
		"without a word":                nil,
	} {
		t.Run(name, func(t *testing.T) {
			c, got := vendor(t, 429, header...)
			report(t, c)
			invoke(true, "internal")
			invoke(true, "unavailable")
			if len(*got) != 1 {
				t.Errorf("%d reports", len(*got))
			}
		})
	}
}

func TestASentryThatIsNotThereChangesNothing(t *testing.T) {
	c, err := sentry.New("http://public@127.0.0.1:1/42", "test")
	if err != nil {
		t.Fatal(err)
	}
	report(t, c)
	invoke(true, "internal")
}

func TestAMistakenDSNIsToldWithoutItsKey(t *testing.T) {
	for _, dsn := range []secret.Secret{"https://sentry.example/42", "https://key@sentry.example/", "https://key@sentry.example/x", "::"} {
		if _, err := sentry.New(dsn, "test"); !errors.Is(err, sentry.ErrDSN) {
			t.Errorf("%s: %v", dsn.Reveal(), err)
		}
	}
}

// TestASentryThatFailsChangesNoAnswer (T16): the invocation ends as it would have, and is held up for less than a second.
func TestASentryThatFailsChangesNoAnswer(t *testing.T) {
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		c, err := sentry.New(secret.Secret(strings.Replace(o.URL, "://", "://public@", 1)+"/42"), "test")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			c.Report(o.Context(t), obs.Failure{Function: "api-example-create", Tags: map[string]string{"code": "internal"}})
		}
		if n := o.Asked(); n > 3 || o.TooOften() && n != 1 {
			t.Errorf("Sentry was told %d times of three failures", n)
		}
	})
}
