package faults

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/infra/local/host"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
	"fitkit/shared/ssm/ssmtest"
)

// hears is a function whose answer tells which secret it has: Clerk's webhook.
const hears = "hook-org-clerk"

const (
	clerkSecretAt = "/fitkit/preview/org/CLERK_WEBHOOK_SECRET"
	systemURLAt   = "/fitkit/preview/shared/SYSTEM_DATABASE_URL"
	systemURL     = "postgres://nobody:a-canary-of-a-password@127.0.0.1:1/nowhere"
)

// listener is the function as a real process of the local host, with references for secrets.
type listener struct {
	*host.Host
	store *ssmtest.Store
}

func newListener(t *testing.T, store *ssmtest.Store, freshFor string) listener {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join(root, ".local", "bin", "faults", hears))
	if err != nil {
		t.Fatal(err)
	}
	f := template.Function{Name: hears, LambdaName: hears, ARN: "arn:aws:lambda:eu-central-1:1:function:" + hears, CodeDir: bin, MemoryMB: 256, Timeout: 30 * time.Second}
	f.Env = map[string]string{"STAGE": "preview", "QUEUE_URL_PREFIX": "http://127.0.0.1:1/", "SETTINGS_FRESH_FOR": freshFor,
		"CLERK_WEBHOOK_SECRET": "ssm:" + clerkSecretAt, "SYSTEM_DATABASE_URL": "ssm:" + systemURLAt, "SENTRY_DSN": "ssm:/fitkit/preview/shared/SENTRY_DSN"}
	maps.Copy(f.Env, store.Environment())
	h, err := host.New(host.Options{Functions: []template.Function{f}, Region: stores.Region, InitLimit: time.Minute, Freeze: true,
		Builder: &host.GoBuilder{Root: root, Tags: []string{"fitkit_testhooks"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return listener{h, store}
}

func newSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text())) }

// message is a webhook that nobody applies, so that no database is asked, with a body of some length.
func (l listener) message(t *testing.T, secret string, length int) host.Result {
	t.Helper()
	now := fmt.Sprint(time.Now().Unix())
	body := fmt.Sprintf(`{"type":"session.created","data":{"id":"sess_1","padding":%q}}`, strings.Repeat("<", length))
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "msg_1.%s.%s", now, body)
	event, err := json.Marshal(events.APIGatewayV2HTTPRequest{Body: body, Headers: map[string]string{
		"svix-id": "msg_1", "svix-timestamp": now, "svix-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := l.Invoke(t.Context(), hears, event)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// takes says whether a message with this secret is accepted.
func (l listener) takes(t *testing.T, secret string) bool {
	t.Helper()
	result := l.message(t, secret, 1)
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(result.Payload, &answer); err != nil || result.FunctionError != "" {
		t.Fatalf("%v: %s", err, result.Payload)
	}
	return answer.StatusCode == http.StatusNoContent
}

// said counts the lines of the function's log with a text.
func (l listener) said(text string) (n int) {
	for _, line := range l.Logs().Last(hears, 10_000) {
		n += strings.Count(line.Line, text)
	}
	return n
}

// TestASecretChangesUnderARunningFunction: the event after the change is worked on with the new value already, by the same process,
// whatever the event's length; while the store is down, or denies, the function works on with what it has and says so once; and
// nothing of a secret is in its environment.
//
// It has been seen red with the event given to the new program empty, with a former program that went on after the change, and with
// a process that made itself anew when the store did not answer.
func TestASecretChangesUnderARunningFunction(t *testing.T) {
	store := ssmtest.New(t)
	first, second, third := newSecret(), newSecret(), newSecret()
	store.Put(clerkSecretAt, first)
	store.Put(systemURLAt, systemURL)
	l := newListener(t, store, "1ns")
	if !l.takes(t, first) || l.takes(t, second) {
		t.Fatal("the function did not begin with the store's secret")
	}
	pids := l.Processes(hears)

	store.Put(clerkSecretAt, second)
	if !l.takes(t, second) || l.takes(t, first) {
		t.Error("the event after the change was worked on with the former secret")
	}
	store.Put(clerkSecretAt, third)
	if result := l.message(t, third, 900_000); result.FunctionError != "" || !strings.Contains(string(result.Payload), "204") {
		t.Errorf("a long event at the change: %s", result.Payload)
	}
	if now := l.Processes(hears); !slices.Equal(now, pids) {
		t.Errorf("processes %v became %v", pids, now)
	}

	store.Before(ssmtest.Refuse(http.StatusBadRequest, `{"__type":"AccessDeniedException"}`))
	for range 3 {
		if !l.takes(t, third) || l.takes(t, first) {
			t.Error("without the store the function lost its secret")
		}
	}
	if n := l.said("the ones before stay in use"); n != 1 {
		t.Errorf("it said %d times that the store is down", n)
	}
	canaries(t, pids[0], first, second, third, "a-canary-of-a-password")
	for _, value := range []string{first, second, third, "a-canary"} {
		if n := l.said(value); n > 0 {
			t.Errorf("%q is in the log", value)
		}
	}
}

// canaries looks for values in what the system shows of a process.
func canaries(t *testing.T, pid int, values ...string) {
	t.Helper()
	for _, file := range []string{"environ", "cmdline"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			t.Fatal(err)
		}
		if file == "environ" && strings.Count(string(text), "=ssm:/fitkit/preview/") != 3 {
			t.Errorf("the environment holds no references: the search below finds nothing")
		}
		for _, value := range values {
			if strings.Contains(string(text), value) {
				t.Errorf("%s holds %q", file, value)
			}
		}
	}
}

// TestNothingIsAskedWhileTheSettingsAreFresh: one call for a start, none for the events after it.
func TestNothingIsAskedWhileTheSettingsAreFresh(t *testing.T) {
	store := ssmtest.New(t)
	secret := newSecret()
	store.Put(clerkSecretAt, secret)
	store.Put(systemURLAt, systemURL)
	l := newListener(t, store, "10m")
	for range 5 {
		if !l.takes(t, secret) {
			t.Fatal("refused")
		}
	}
	if store.Calls() != 1 {
		t.Errorf("%d calls for one start and five events", store.Calls())
	}
}

// TestWithoutAccessAFunctionDoesNotStartAndSaysWhy in one message, with all the names.
func TestWithoutAccessAFunctionDoesNotStartAndSaysWhy(t *testing.T) {
	store := ssmtest.New(t)
	store.Before(ssmtest.Refuse(http.StatusBadRequest, `{"__type":"AccessDeniedException"}`))
	l := newListener(t, store, "10m")
	if result := l.message(t, newSecret(), 1); result.FunctionError == "" {
		t.Fatalf("answered %s", result.Payload)
	}
	starts := l.said("FitKit cannot start: 3 setting(s)")
	for _, variable := range []string{"CLERK_WEBHOOK_SECRET", "SYSTEM_DATABASE_URL", "SENTRY_DSN"} {
		if n := l.said("  " + variable + ": stands at /fitkit/preview/"); starts == 0 || n != starts {
			t.Errorf("%s is named %d times in %d starts", variable, n, starts)
		}
	}
	if store.Calls() != starts {
		t.Errorf("%d calls for %d starts: a denial does not pass", store.Calls(), starts)
	}
}
