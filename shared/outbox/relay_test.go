package outbox_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"fitkit/shared/id"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres/postgrestest"
)

// newSender sends to a queue of its own on the tests' SQS server.
func newSender(t *testing.T) *outbox.Sender {
	t.Helper()
	sender, _, _ := newQueue(t, "billing-execute-charge")
	return sender
}

// newQueue makes a queue, and one for its dead letters, under a prefix of the test's own.
func newQueue(t *testing.T, name string) (s *outbox.Sender, client *sqs.Client, url string) {
	t.Helper()
	endpoint := os.Getenv("TEST_SQS_ENDPOINT_URL")
	if endpoint == "" {
		t.Fatal("TEST_SQS_ENDPOINT_URL is not set: run the tests with `make test`, which starts an SQS server for them")
	}
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
	})
	prefix := "t-" + rand.Text() + "-"
	client = sqs.New(sqs.Options{Region: "eu-central-1", Credentials: keys, BaseEndpoint: &endpoint})
	for _, queue := range []string{name, name + "-dlq"} {
		if _, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(prefix + queue)}); err != nil {
			t.Fatal(err)
		}
	}
	at := endpoint + "/000000000000/" + prefix
	return outbox.NewSender(outbox.Config{URLPrefix: at, Endpoint: endpoint, Region: "eu-central-1", Credentials: keys}), client, at + name
}

// A month's first morning puts tens of thousands of charges into one queue, where the last of them wait for hours. Red while a
// job that nobody had taken was sent again every half hour and given up after two hours, and its message then ignored.
func TestAJobThatWaitsForItsTurnIsNotTakenForLost(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	relay := outbox.NewRelay(d.System, newSender(t))
	for name, tc := range map[string]struct {
		taken, resends    int
		due, sent, leased string // ago; the lease ahead
		state             string
		want              int // resends
	}{
		"nobody took it in half an hour":                    {due: "31 min", sent: "31 min", state: "ready", want: 1},
		"nobody took it in half an hour more":               {due: "61 min", sent: "31 min", resends: 1, state: "ready", want: 1},
		"nor in an hour more":                               {due: "95 min", sent: "61 min", resends: 1, state: "ready", want: 2},
		"it waits for its turn since four hours":            {due: "241 min", sent: "31 min", resends: 3, state: "ready", want: 3},
		"it waits for a day":                                {due: "25 h", sent: "31 min", resends: 5, state: "dead", want: 5},
		"somebody took it and did not finish":               {taken: 1, due: "31 min", sent: "31 min", state: "ready", want: 1},
		"somebody took it each time and did not finish":     {taken: 4, due: "3 h", sent: "31 min", resends: 3, state: "dead", want: 3},
		"somebody works on it, for the last time it may be": {taken: 4, due: "3 h", sent: "31 min", resends: 3, leased: "1 min", state: "ready", want: 3},
	} {
		d.Exec(t, `insert into jobs (queue, dedupe_key, payload, attempts, resends, created_at, available_at, sent_at, lease_until)
			values ('billing-execute-charge', $1, '{}', $2, $3, now() - $4::interval, now() - $4::interval, now() - $5::interval, now() + nullif($6, '')::interval)`,
			name, tc.taken, tc.resends, tc.due, tc.sent, tc.leased)
		if _, err := relay.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		state := postgrestest.Get[string](t, d, "select state from jobs where dedupe_key = $1", name)
		resends := postgrestest.Get[int](t, d, "select resends from jobs where dedupe_key = $1", name)
		if state != tc.state || resends != tc.want {
			t.Errorf("%s: %s after %d resends, want %s after %d", name, state, resends, tc.state, tc.want)
		}
		d.Exec(t, "delete from jobs")
	}
}

// Red while every key went after a day: the same sale, sent again the next morning, was a second membership (T6).
func TestTheKeyOfADebtOutlivesTheOthers(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	org := id.New[id.Org]()
	d.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 'studio')", org)
	for key, tc := range map[string]struct {
		age     string
		lasting bool
	}{
		"of today": {"23 h", false}, "of yesterday": {"25 h", false}, "of a sale a year ago": {"370 d", true}, "of a sale long ago": {"401 d", true},
	} {
		d.Exec(t, `insert into idempotency_keys (org_id, actor, key, operation, request_sha, created_at, lasting)
			values ($1, 'user_1', $2, 'x', '', now() - $3::interval, $4)`, org, key, tc.age, tc.lasting)
	}
	if _, err := outbox.NewRelay(d.System, newSender(t)).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := postgrestest.Get[string](t, d, "select string_agg(key, ', ' order by key) from idempotency_keys"); left != "of a sale a year ago, of today" {
		t.Errorf("left are the keys %s", left)
	}
}
