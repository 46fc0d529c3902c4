package poller

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// fakeFunction is a function in this process.
type fakeFunction func(n int, e event) host.Result

type event struct {
	Records []struct {
		MessageID      string `json:"messageId"`
		Body           string
		EventSource    string            `json:"eventSource"`
		EventSourceARN string            `json:"eventSourceARN"`
		AWSRegion      string            `json:"awsRegion"`
		Attributes     map[string]string `json:"attributes"`
		Attrs          map[string]struct {
			StringValue string `json:"stringValue"`
			DataType    string `json:"dataType"`
		} `json:"messageAttributes"`
	}
}

type counted struct {
	mu   sync.Mutex
	n    int
	work fakeFunction
}

func (c *counted) Invoke(_ context.Context, _ string, payload []byte) (host.Result, error) {
	c.mu.Lock()
	c.n++
	n := c.n
	c.mu.Unlock()
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return host.Result{}, err
	}
	return c.work(n, e), nil
}

func client(t testing.TB) *sqs.Client {
	t.Helper()
	endpoint := os.Getenv("TEST_SQS_ENDPOINT_URL")
	if endpoint == "" {
		t.Fatal("TEST_SQS_ENDPOINT_URL is not set: run the tests with `make test`, which starts an SQS server for them")
	}
	return NewClient(endpoint, "eu-central-1")
}

// platform is one queue of its own with its dead-letter queue and one function.
func platform(t testing.TB, e template.EventSource) *template.Platform {
	name := "poller-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	e.Function, e.Queue, e.Enabled = "job", name, true
	return &template.Platform{
		Queues: []template.Queue{
			{Name: name, ARN: "arn:aws:sqs:eu-central-1:000000000000:" + name, Visibility: time.Second, Retention: time.Hour, DLQ: name + "-dlq", MaxReceive: 3},
			{Name: name + "-dlq", Visibility: time.Minute, Retention: time.Hour},
		},
		EventSources: []template.EventSource{e},
	}
}

func begin(t testing.TB, e template.EventSource, opt Options, work fakeFunction) *Poller {
	t.Helper()
	opt.Platform, opt.Client, opt.Invoker = platform(t, e), client(t), &counted{work: work}
	p, err := New(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t testing.TB, p *Poller) {
	p.Start()
	t.Cleanup(p.Close)
}

func send(t testing.TB, p *Poller, n int) {
	t.Helper()
	url := p.urls[p.opt.Platform.Queues[0].Name]
	for from := 0; from < n; from += 10 {
		var entries []types.SendMessageBatchRequestEntry
		for i := from; i < min(n, from+10); i++ {
			entries = append(entries, types.SendMessageBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String("m" + strconv.Itoa(i)),
				MessageAttributes: map[string]types.MessageAttributeValue{"trace": {DataType: aws.String("String"), StringValue: aws.String("t1")}},
			})
		}
		if _, err := p.opt.Client.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries}); err != nil {
			t.Fatal(err)
		}
	}
}

// idle waits until nothing is left in the queue.
func idle(t testing.TB, p *Poller) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for ; ; <-again.C {
		done, err := p.Idle(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
	}
}

func TestMessagesArriveAsLambdaEventsAndAreDeleted(t *testing.T) {
	got := make(chan event, 10)
	p := begin(t, template.EventSource{BatchSize: 10}, Options{}, func(_ int, e event) host.Result {
		got <- e
		return host.Result{}
	})
	send(t, p, 1)
	run(t, p)
	r := (<-got).Records[0]
	if r.Body != "m0" || r.EventSource != "aws:sqs" || r.AWSRegion != "eu-central-1" || r.MessageID == "" ||
		r.EventSourceARN != p.opt.Platform.Queues[0].ARN || r.Attributes["ApproximateReceiveCount"] != "1" ||
		r.Attributes["SentTimestamp"] == "" || r.Attrs["trace"].StringValue != "t1" || r.Attrs["trace"].DataType != "String" {
		t.Errorf("got %+v", r)
	}
	idle(t, p)
}

func TestBatchesKeepToTheirSizeAndConcurrency(t *testing.T) {
	var mu sync.Mutex
	busy, most, largest, seen := 0, 0, 0, 0
	var both sync.WaitGroup
	both.Add(2)
	p := begin(t, template.EventSource{BatchSize: 4, MaximumConcurrency: 2}, Options{}, func(n int, e event) host.Result {
		mu.Lock()
		busy++
		most, largest, seen = max(most, busy), max(largest, len(e.Records)), seen+len(e.Records)
		mu.Unlock()
		if n <= 2 { // the first two meet, so that the limit is reached
			both.Done()
			both.Wait()
		}
		mu.Lock()
		busy--
		mu.Unlock()
		return host.Result{}
	})
	send(t, p, 30)
	run(t, p)
	idle(t, p)
	if most != 2 || largest != 4 || seen != 30 {
		t.Errorf("at most %d at once, batches of up to %d, %d messages", most, largest, seen)
	}
}

func TestOnlyTheFailedItemsComeAgain(t *testing.T) {
	var mu sync.Mutex
	times := map[string]int{}
	p := begin(t, template.EventSource{BatchSize: 10, ReportFailures: true}, Options{}, func(_ int, e event) host.Result {
		mu.Lock()
		defer mu.Unlock()
		var failed []string
		for _, r := range e.Records {
			times[r.Body]++
			if r.Body == "m1" && times[r.Body] == 1 {
				failed = append(failed, `{"itemIdentifier":"`+r.MessageID+`"}`)
			}
		}
		return host.Result{Payload: []byte(`{"batchItemFailures":[` + strings.Join(failed, ",") + `]}`)}
	})
	send(t, p, 3)
	run(t, p)
	idle(t, p)
	if times["m0"] != 1 || times["m1"] != 2 || times["m2"] != 1 {
		t.Errorf("deliveries: %v", times)
	}
}

func TestAMessageThatAlwaysFailsEndsInTheDeadLetterQueue(t *testing.T) {
	p := begin(t, template.EventSource{BatchSize: 1}, Options{}, func(int, event) host.Result {
		return host.Result{FunctionError: "Unhandled"}
	})
	send(t, p, 1)
	run(t, p)
	idle(t, p)
	depths, err := p.Depths(t.Context())
	if err != nil || len(depths) != 1 || depths[0].Dead != 1 {
		t.Errorf("got %+v %v", depths, err)
	}
}

func TestACrashReturnsTheBatchSoon(t *testing.T) {
	var mu sync.Mutex
	var counts []string
	p := begin(t, template.EventSource{BatchSize: 1}, Options{CrashVisibility: time.Second}, func(n int, e event) host.Result {
		mu.Lock()
		defer mu.Unlock()
		counts = append(counts, e.Records[0].Attributes["ApproximateReceiveCount"])
		if n == 1 {
			return host.Result{FunctionError: "Unhandled", Died: true}
		}
		return host.Result{}
	})
	// The queue alone would hide it for longer than this test may take.
	url := p.urls[p.opt.Platform.Queues[0].Name]
	if _, err := p.opt.Client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"VisibilityTimeout": "600"}}); err != nil {
		t.Fatal(err)
	}
	send(t, p, 1)
	run(t, p)
	idle(t, p)
	if !slices.Equal(counts, []string{"1", "2"}) {
		t.Errorf("receive counts %v", counts)
	}
}

func TestDuplicatesAreTheSameMessageTwice(t *testing.T) {
	var mu sync.Mutex
	times := map[string]int{}
	p := begin(t, template.EventSource{BatchSize: 1}, Options{}, func(_ int, e event) host.Result {
		mu.Lock()
		defer mu.Unlock()
		times[e.Records[0].MessageID]++
		return host.Result{}
	})
	p.SetSwitches(Switches{Duplicate: 1, Reorder: true, Delay: time.Millisecond})
	send(t, p, 5)
	run(t, p)
	idle(t, p)
	if len(times) != 5 {
		t.Errorf("%d messages", len(times))
	}
	for id, n := range times {
		if n != 2 {
			t.Errorf("message %s came %d times", id, n)
		}
	}
}

// BenchmarkDelivery is messages through eight workers that do nothing: the poller's own speed.
func BenchmarkDelivery(b *testing.B) {
	done := make(chan struct{}, b.N)
	p := begin(b, template.EventSource{BatchSize: 1, MaximumConcurrency: 8}, Options{}, func(int, event) host.Result {
		done <- struct{}{}
		return host.Result{}
	})
	send(b, p, b.N)
	b.ResetTimer()
	run(b, p)
	for range b.N {
		<-done
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
