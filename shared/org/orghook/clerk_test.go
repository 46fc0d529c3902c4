package orghook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/clock"
	"fitkit/shared/hook"
	"fitkit/shared/org"
	"fitkit/shared/org/orghook"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/run"
	"fitkit/shared/secret"
	"fitkit/shared/vectors"
	"fitkit/shared/webhook"
)

type signatureVectors struct {
	Count int
	Cases []struct {
		ID, Expect, Reason string
		Now                int64
		Secrets            []secret.Secret
		Headers            map[string]string
		Body               []byte `json:"body_b64"`
	}
}

// nobody counts what gets past the door.
type nobody struct{ received int }

func (n *nobody) Receive(context.Context, string, org.Event) error { n.received++; return nil }

// Every case goes through the hook as the gateway delivers it, with the body as text and as base64.
func TestSignatureVectors(t *testing.T) {
	set := vectors.Load[signatureVectors](t, "webhook_signatures.json")
	if len(set.Cases) == 0 || len(set.Cases) != set.Count {
		t.Fatalf("%d cases, want %d", len(set.Cases), set.Count)
	}
	for _, tc := range set.Cases {
		t.Run(tc.ID+" "+tc.Reason, func(t *testing.T) {
			want := 401
			if tc.Expect == "accept" {
				want = 204
			}
			v, err := webhook.New(tc.Secrets)
			if err != nil { // the function would not have started
				if want != 401 {
					t.Fatal(err)
				}
				return
			}
			source := orghook.Source{Signatures: v, Now: func() time.Time { return time.Unix(tc.Now, 0) }}
			headers := map[string]string{}
			for name, value := range tc.Headers {
				headers[strings.ToLower(name)] = value
			}
			call := hook.Lambda(orghook.Clerk(source, &nobody{}))
			for _, ev := range []events.APIGatewayV2HTTPRequest{
				{Headers: headers, Body: base64.StdEncoding.EncodeToString(tc.Body), IsBase64Encoded: true},
				{Headers: headers, Body: string(tc.Body)},
			} {
				if got, err := call(t.Context(), ev); err != nil || got.StatusCode != want {
					t.Fatalf("base64 %v: %d %v, want %d", ev.IsBase64Encoded, got.StatusCode, err, want)
				}
			}
		})
	}
}

const signingSecret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LTMyLWJ5dGVzISE="

// clerk posts a message as Svix does.
func clerk(t *testing.T, h hook.Handler, id, body string, at time.Time) int {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signingSecret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	resp, err := hook.Lambda(h)(t.Context(), events.APIGatewayV2HTTPRequest{Body: body, Headers: map[string]string{
		"svix-id": id, "svix-timestamp": fmt.Sprint(at.Unix()), "svix-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}})
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func source(t *testing.T) orghook.Source {
	v, err := webhook.New([]secret.Secret{signingSecret})
	if err != nil {
		t.Fatal(err)
	}
	return orghook.Source{Signatures: v, Instance: "ins_ours", Now: clock.Real}
}

const userUpdated = `{"type":"user.updated","object":"event","timestamp":1767268800000,"instance_id":"ins_ours","data":{"id":"user_1",
	"first_name":"דנה","last_name":"כהן","primary_email_address_id":"idn_1","email_addresses":[{"id":"idn_1","email_address":"dana@example.com"}],
	"phone_numbers":[{"phone_number":"+972521234567"}],"updated_at":1767268800000}}`

func TestAMessageIsStoredOnce(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	h := orghook.Clerk(source(t), org.NewClerk(db.System))
	for range 3 {
		if got := clerk(t, h, "msg_1", userUpdated, clock.Real()); got != 204 {
			t.Fatalf("answered %d", got)
		}
	}
	count := func(sql string) int { return postgrestest.Get[int](t, db, sql) }
	if inbox, jobs := count("select count(*)::int from inbox"), count("select count(*)::int from jobs where org_id is null"); inbox != 1 || jobs != 1 {
		t.Fatalf("%d messages, %d jobs", inbox, jobs)
	}
	if n := count(`select count(*)::int from inbox i join jobs j on j.payload = jsonb_build_object('inbox_id', i.id)
		where i.provider = 'clerk' and i.event_key = 'msg_1' and j.queue = '` + string(orgjob.ApplyClerkEventOp.Queue()) + `'`); n != 1 {
		t.Fatal("the job does not name the message")
	}
	if kept := postgrestest.Get[string](t, db, "select payload::text from inbox"); strings.Contains(kept, "972521234567") {
		t.Fatalf("more is kept than is needed: %s", kept)
	}
}

func TestWhatIsNotOursIsAnsweredAndNotStored(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	h := orghook.Clerk(source(t), org.NewClerk(db.System))
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"an event nobody applies":       {`{"type":"session.created","instance_id":"ins_ours","data":{"id":"sess_1"}}`, 204},
		"an event that names nothing":   {`{"type":"user.updated","instance_id":"ins_ours","data":{}}`, 204},
		"another instance's event":      {strings.Replace(userUpdated, "ins_ours", "ins_theirs", 1), 401},
		"a message without an instance": {`[]`, 401},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clerk(t, h, "msg_"+strings.ReplaceAll(name, " ", "-"), tc.body, clock.Real()); got != tc.want {
				t.Fatalf("answered %d, want %d", got, tc.want)
			}
		})
	}
	t.Run("a replay after ten minutes is refused", func(t *testing.T) {
		if got := clerk(t, h, "msg_old", userUpdated, clock.Real().Add(-10*time.Minute)); got != 401 {
			t.Fatalf("answered %d", got)
		}
	})
	if n := postgrestest.Get[int](t, db, "select count(*)::int from inbox"); n != 0 {
		t.Fatalf("%d stored", n)
	}
}

func TestTheDatabaseBeingDownAsksClerkToComeBack(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	db.System.Close()
	if got := clerk(t, orghook.Clerk(source(t), org.NewClerk(db.System)), "msg_1", userUpdated, clock.Real()); got < 500 {
		t.Fatalf("answered %d", got)
	}
}

// TestTheFormerSecretIsTakenUntilItsWindowCloses: while a secret is replaced both verify; then the former one is refused by
// the clock, in a process that still holds it.
func TestTheFormerSecretIsTakenUntilItsWindowCloses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const next = "whsec_dGhlIG5leHQgc2VjcmV0IG9mIHRoZSB0ZXN0LCAzMmI="
	for name, tc := range map[string]struct {
		former string // as CLERK_WEBHOOK_SECRET_PREVIOUS
		until  time.Time
		want   int
	}{
		"within the window":          {signingSecret, now.Add(time.Second), 204},
		"when the window closes":     {signingSecret, now, 401},
		"a day later":                {signingSecret, now.Add(-24 * time.Hour), 401},
		"another secret is replaced": {next, now.Add(time.Hour), 401},
	} {
		t.Run(name, func(t *testing.T) {
			s := orghook.Source{Instance: "ins_ours", Now: func() time.Time { return now }}
			app, err := run.New(orghook.ClerkOp, func(v string) string {
				return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": "postgres://nobody@localhost/x", "QUEUE_URL_PREFIX": "http://localhost/", "CLERK_WEBHOOK_SECRET": next,
					"CLERK_WEBHOOK_SECRET_PREVIOUS": tc.former, "CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL": tc.until.Format(time.RFC3339)}[v]
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Signatures = orghook.SourceFrom(app).Signatures
			if got := clerk(t, orghook.Clerk(s, &nobody{}), "msg_1", userUpdated, now); got != tc.want {
				t.Errorf("signed by the former secret: answered %d, want %d", got, tc.want)
			}
		})
	}
}

func TestAWindowWithoutAnEndStopsTheStart(t *testing.T) {
	for name, vars := range map[string]map[string]string{
		"no end":              {"CLERK_WEBHOOK_SECRET_PREVIOUS": signingSecret},
		"an end in words":     {"CLERK_WEBHOOK_SECRET_PREVIOUS": signingSecret, "CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL": "tomorrow"},
		"an end without zone": {"CLERK_WEBHOOK_SECRET_PREVIOUS": signingSecret, "CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL": "2026-03-02T12:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.New(orghook.ClerkOp, func(v string) string {
				if text, ok := vars[v]; ok {
					return text
				}
				return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": "postgres://nobody@localhost/x", "QUEUE_URL_PREFIX": "http://localhost/", "CLERK_WEBHOOK_SECRET": signingSecret}[v]
			})
			if err == nil || !strings.Contains(err.Error(), "CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL") || strings.Contains(err.Error(), signingSecret) {
				t.Errorf("got %v", err)
			}
		})
	}
}
