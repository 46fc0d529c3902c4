package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"fitkit/infra/local/poller"
	"fitkit/infra/local/seed"
	"fitkit/infra/local/stores"
)

// canaries are values that must stay where they were put: they look like what people and programs send by mistake.
var canaries = map[string]string{
	"a card number":      "4580000000000000",
	"a national ID":      "314159265",
	"a session token":    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyX2NhbmFyeSJ9.c2lnbmF0dXJlLWNhbmFyeQ",
	"a webhook secret":   "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5",
	"a database URL":     "postgres://canary:tweety-password@db.example.com/fitkit",
	"a presigned URL":    "https://r2.example.com/x?X-Amz-Signature=cafecafecafecanary",
	"an e-mail address":  "tweety.canary@example.com",
	"a telephone number": "+972541234567",
	"an API key":         `sk-canary-"quoted"/slashed`,
}

// forms are the ways in which value could stand in a text.
func forms(value string) []string {
	quoted, _ := json.Marshal(value) // a string always can be
	out := []string{value, strings.Trim(string(quoted), `"`), url.QueryEscape(value), url.PathEscape(value)}
	for shift := range 3 { // base64 has three spellings, by where the value begins; the ends depend on what is around
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
		text = text[(shift*8+5)/6 : (shift+len(value))*8/6]
		out = append(out, text, strings.NewReplacer("+", "-", "/", "_").Replace(text))
	}
	return out
}

// search is what is looked for: the forms of each secret.
type search map[string][]string

func searchFor(secrets map[string]string) search {
	s := search{}
	for what, value := range secrets {
		if value != "" {
			s[what] = forms(value)
		}
	}
	return s
}

// leaks names the secrets that stand in text, in any form.
func (s search) leaks(text string) []string {
	var found []string
	for what, forms := range s {
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) }) {
			found = append(found, what)
		}
	}
	return found
}

func TestTheSearchForLeaksFindsEveryForm(t *testing.T) {
	all := searchFor(canaries)
	for what, value := range canaries {
		for form, text := range map[string]string{
			"plain":                             "before " + value + " after",
			"URL-encoded":                       "?q=" + url.QueryEscape(value) + "&x=1",
			"JSON":                              string(mustJSON(map[string]string{"x": value})),
			"base64":                            base64.StdEncoding.EncodeToString([]byte("before" + value + "after")),
			"base64 of a URL, at another place": base64.RawURLEncoding.EncodeToString([]byte("b" + value + "after")),
		} {
			if !slices.Contains(all.leaks(text), what) {
				t.Errorf("%s is not found %s: %s", what, form, text)
			}
		}
	}
}

// TestWhatPeopleSendStaysOutOfLogsErrorsAndQueues puts every canary into every field of every route, and looks for it in
// what must not hold it. Answers of success are left out: a member's telephone number is theirs to read.
func TestWhatPeopleSendStaysOutOfLogsErrorsAndQueues(t *testing.T) {
	var group errgroup.Group
	group.SetLimit(4)
	input, all := makerFor(t, a), searchFor(canaries)
	for _, op := range operations(t) {
		for what, value := range canaries {
			for _, r := range carriers(input, op, value) {
				group.Go(func() error {
					got, err := r.try()
					if err == nil && got.status >= 400 && slices.Contains(all.leaks(string(got.body)), what) {
						t.Errorf("%s repeats %s: %s", op.ID, what, got)
					}
					return err
				})
			}
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	settle(t)
	wantNoLeaks(t, searchFor(known()))
}

// carriers are requests that hold value: in each field alone, in all at once, as a field nobody knows, and as the whole body.
func carriers(input maker, op *operation, value string) []request {
	plain := input.request(op).as(a, op.somebody())
	all, out := plain, []request{plain.with("User-Agent", value), plain.with("FitKit-Org", value), plain.with("Authorization", "Bearer "+value)}
	for _, f := range op.fields() {
		out = append(out, plain.set(f, value))
		all = all.set(f, value)
	}
	out = append(out, all, plain.set(field{"query", []string{"unknown"}, nil}, value))
	if op.body() != nil {
		out = append(out, plain.set(field{"body", []string{"unknown"}, nil}, value), plain.set(field{"body", []string{value}, nil}, 1))
		cut := plain
		cut.raw = []byte(`{"` + value + `":"` + value)
		out = append(out, cut)
	}
	return out
}

// known is all that must not appear: the canaries, what the seeded people are, and the platform's own secrets.
func known() map[string]string {
	s := running.Secrets
	secrets := map[string]string{
		"the owner's database password": s.OwnerPassword, "the app role's password": s.AppPassword, "the system role's password": s.SystemPassword,
		"Clerk's webhook secret": s.ClerkWebhook, "the terminal's password": s.Cardcom.APIPassword,
		"a card that declines": seed.CardSoftDeclines,
	}
	for what, value := range canaries {
		secrets[what] = value
	}
	for i := range members {
		p := seed.MemberAt(i)
		secrets[fmt.Sprintf("member %d's national ID", i)], secrets[fmt.Sprintf("member %d's telephone", i)] = p.NationalID, p.Phone
		secrets[fmt.Sprintf("member %d's e-mail address", i)] = p.Email
	}
	for role, token := range a.tokens {
		secrets["the "+role+"'s session token"] = token
	}
	return secrets
}

// logged are sentences about every line of a function's that holds what it must not.
func logged(secrets search) []string {
	var found []string
	for _, line := range written.copy() {
		for _, what := range secrets.leaks(line.Line) {
			found = append(found, fmt.Sprintf("%s logs %s: %s", line.Function, what, line.Line))
		}
	}
	return found
}

// wantNoLeaks searches the log so far (TestMain searches all of it at the end), what jobs carry and say, the records that
// people read, and the dead-letter queues.
func wantNoLeaks(t *testing.T, secrets search) {
	t.Helper()
	for _, sentence := range logged(secrets) {
		t.Error(sentence)
	}
	conn := database(t)
	for where, sql := range map[string]string{
		"a job":          "select queue || ' ' || payload::text || ' ' || coalesce(progress::text, '') || ' ' || last_error from jobs",
		"the audit log":  "select action || ' ' || data::text from audit_log",
		"the timeline":   "select kind || ' ' || data::text from member_events",
		"a stored event": "select provider || ' ' || payload::text from inbox where provider <> 'clerk'",
		"a money case":   "select detail from money_cases",
	} {
		for _, text := range read[string](t, conn, sql) {
			for _, what := range secrets.leaks(text) {
				t.Errorf("%s holds %s: %s", where, what, text)
			}
		}
	}
	for _, body := range dead(t) {
		t.Errorf("a message is dead: %s (%v)", body, secrets.leaks(body))
	}
}

// dead are the bodies in all dead-letter queues.
func dead(t *testing.T) []string {
	t.Helper()
	depths, err := running.Poller.Depths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := poller.NewClient(running.Variables["SQS_ENDPOINT_URL"], stores.Region)
	var bodies []string
	for _, d := range depths {
		if d.Dead == 0 {
			continue
		}
		queue := strings.TrimSuffix(d.URL, d.Queue) + d.DLQ
		out, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
		}
	}
	return bodies
}
