package outbox_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"fitkit/shared/id"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/retry/awsretry"
)

var roleKeys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "token"}, nil
})

// asked is a request to SQS.
type asked struct {
	header http.Header
	body   map[string]any
}

// fake is an SQS that notes what it is asked and gives the answers in turn, the last one for ever. An empty one cuts the connection.
func fake(t *testing.T, answers ...answer) (url string, all func() []asked) {
	t.Helper()
	var got []asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a := asked{header: r.Header.Clone()}
		if err := json.Unmarshal(raw, &a.body); err != nil || r.Method != http.MethodPost || r.URL.Path != "/" {
			t.Errorf("%s %s %s: %v", r.Method, r.URL, raw, err)
		}
		one := answers[min(len(got), len(answers)-1)]
		got = append(got, a)
		if one.status == 0 {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), one.header)
		w.WriteHeader(one.status)
		_, _ = io.WriteString(w, one.body)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []asked { return got }
}

type answer struct {
	status int
	body   string
	header http.Header
}

var taken = answer{status: 200, body: `{"Successful":[{"Id":"0"},{"Id":"1"}],"Failed":[]}`}

func two(now time.Time) []postgres.Staged {
	org := id.New[id.Org]()
	return []postgres.Staged{
		{ID: id.New[id.Job](), Org: org, Queue: "room-clean", Correlation: "c-1", Payload: json.RawMessage(`{"a":"<שלום>"}`), AvailableAt: now},
		{ID: id.New[id.Job](), Queue: "room-clean", Payload: json.RawMessage(`{}`), AvailableAt: now.Add(90*time.Second + 1)},
	}
}

// TestTheRequestIsTheSDKs sends the same two messages by both. It was red without the group of a studio's message.
func TestTheRequestIsTheSDKs(t *testing.T) {
	now := time.Now()
	jobs := two(now)
	url, got := fake(t, taken)
	ours := outbox.NewSender(outbox.Config{URLPrefix: url + "/1/", Region: "eu-central-1", Credentials: roleKeys})
	if sent, err := ours.Send(t.Context(), now, jobs); err != nil || len(sent) != 2 {
		t.Fatal(sent, err)
	}
	var entries []types.SendMessageBatchRequestEntry
	for i, j := range jobs {
		body, err := json.Marshal(queue.Envelope{Version: queue.Version, Job: j.ID, Org: j.Org, Queue: j.Queue, Correlation: j.Correlation, Payload: j.Payload})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String([]string{"0", "1"}[i]), MessageBody: aws.String(string(body))})
	}
	entries[0].MessageGroupId, entries[1].DelaySeconds = aws.String(jobs[0].Org.String()), 91
	theirs := sqs.New(sqs.Options{Region: "eu-central-1", Credentials: roleKeys, BaseEndpoint: &url, Retryer: aws.NopRetryer{}})
	_, _ = theirs.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: aws.String(url + "/1/room-clean"), Entries: entries}) // it misses the answer's sums
	a, b := got()[0], got()[1]
	for _, e := range b.body["Entries"].([]any) { // the SDK sends a delay of none, too
		if e := e.(map[string]any); e["DelaySeconds"] == 0.0 {
			delete(e, "DelaySeconds")
		}
	}
	if !reflect.DeepEqual(a.body, b.body) {
		t.Errorf("ours\n%v\nthe SDK's\n%v", a.body, b.body)
	}
	for _, name := range []string{"Content-Type", "X-Amz-Target", "X-Amz-Security-Token"} {
		if a.header.Get(name) == "" || a.header.Get(name) != b.header.Get(name) {
			t.Errorf("%s is %q, the SDK's %q", name, a.header.Get(name), b.header.Get(name))
		}
	}
	scope, _, _ := strings.Cut(b.header.Get("Authorization"), ", ")
	if signed := a.header.Get("Authorization"); !strings.HasPrefix(signed, scope+", ") || !strings.Contains(signed, "x-amz-security-token") {
		t.Errorf("signed by %s, the SDK by %s", signed, b.header.Get("Authorization"))
	}
}

// TestOnlyWhatMayPassIsSentAgain has been red with a denial sent again, with a throttle not, and with all taken for sent where one was.
func TestOnlyWhatMayPassIsSentAgain(t *testing.T) {
	throttled := answer{status: 400, body: `{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}`}
	for name, tc := range map[string]struct {
		answers       []answer
		calls, sent   int
		fails, refuse bool
	}{
		"taken":                       {answers: []answer{taken}, calls: 1, sent: 2},
		"one of two is taken":         {answers: []answer{{status: 200, body: `{"Successful":[{"Id":"1"}],"Failed":[{"Id":"0","Code":"InternalError","SenderFault":false}]}`}}, calls: 1, sent: 1},
		"an entry that nobody sent":   {answers: []answer{{status: 200, body: `{"Successful":[{"Id":"2"},{"Id":"-1"},{"Id":"x"}]}`}}, calls: 1},
		"throttled once":              {answers: []answer{throttled, taken}, calls: 2, sent: 2},
		"throttled by its header":     {answers: []answer{{status: 400, body: "{}", header: http.Header{"X-Amzn-Errortype": {"RequestThrottled:http://x/"}}}, taken}, calls: 2, sent: 2},
		"throttled":                   {answers: []answer{throttled}, calls: 3, fails: true, refuse: true},
		"an error of theirs once":     {answers: []answer{{status: 503, body: "<html>"}, taken}, calls: 2, sent: 2},
		"an error of theirs":          {answers: []answer{{status: 500}}, calls: 3, fails: true},
		"a cut connection once":       {answers: []answer{{}, taken}, calls: 2, sent: 2},
		"half an answer":              {answers: []answer{{status: 200, body: `{"Successful":[{"Id":"0"`}}, calls: 1, fails: true},
		"asked to stay away":          {answers: []answer{{status: 503, header: http.Header{"Retry-After": {"60"}}}, taken}, calls: 1, fails: true},
		"denied":                      {answers: []answer{{status: 403, body: `{"__type":"AccessDeniedException"}`}}, calls: 1, fails: true, refuse: true},
		"a queue that does not exist": {answers: []answer{{status: 400, body: `{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}`}}, calls: 1, fails: true, refuse: true},
		"led elsewhere":               {answers: []answer{{status: 307, header: http.Header{"Location": {"/elsewhere"}}}}, calls: 1, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, got := fake(t, tc.answers...)
			now := time.Now()
			sent, err := outbox.NewSender(outbox.Config{URLPrefix: "https://nowhere.invalid/1/", Endpoint: url + "/", Region: "eu-central-1", Credentials: roleKeys}).Send(t.Context(), now, two(now))
			if n := len(got()); n != tc.calls || len(sent) != tc.sent || (err != nil) != tc.fails {
				t.Errorf("sent %d in %d calls: %v", len(sent), n, err)
			}
			if err != nil && awsretry.Refused(err) != tc.refuse {
				t.Errorf("refused is %t: %v", !tc.refuse, err)
			}
		})
	}
}

// TestMessagesArriveAndAreCounted sends to a real queue: more than one call takes, one later, one much later.
func TestMessagesArriveAndAreCounted(t *testing.T) {
	t.Parallel()
	sender, client, url := newQueue(t, "billing-execute-charge")
	now := time.Now()
	var jobs []postgres.Staged
	for i := range 13 {
		jobs = append(jobs, postgres.Staged{ID: id.New[id.Job](), Org: id.New[id.Org](), Queue: "billing-execute-charge", Payload: json.RawMessage(`{"a":"ש"}`), AvailableAt: now})
		if i == 11 {
			jobs[i].AvailableAt = now.Add(time.Minute)
		}
	}
	jobs[12].AvailableAt = now.Add(time.Hour) // left to the relay
	sent, err := sender.Send(t.Context(), now, jobs)
	if err != nil || len(sent) != 12 || slices.Contains(sent, jobs[12].ID) {
		t.Fatalf("sent %d: %v", len(sent), err)
	}
	if d, err := sender.Depth(t.Context(), "billing-execute-charge"); err != nil || d != (queue.Depth{Waiting: 11, Delayed: 1}) {
		t.Errorf("counted %+v: %v", d, err)
	}
	out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
	if err != nil || len(out.Messages) == 0 {
		t.Fatalf("received %v: %v", out, err)
	}
	var e queue.Envelope
	if err := json.Unmarshal([]byte(*out.Messages[0].Body), &e); err != nil || e.Version != queue.Version || e.Org.IsZero() || string(e.Payload) != `{"a":"ש"}` {
		t.Errorf("received %s: %v", *out.Messages[0].Body, err)
	}
}
