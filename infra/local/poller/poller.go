// Package poller feeds functions from SQS queues, as Lambda's event source mappings do: it receives, forms
// batches, invokes, deletes what succeeded and leaves what failed to the queue's visibility timeout. The rules
// are those of contracts/platform/aws-runtime.md §5.
package poller

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
	"fitkit/shared/retry/awsretry"
)

const (
	receiveLimit       = 10 // SQS's own, per call
	deleteLimit        = 10
	defaultConcurrency = 10
	longPoll           = 20 // seconds
	retryPause         = time.Second
)

// Invoker runs a function; host.Host is the real one.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (host.Result, error)
}

// Options configure a Poller.
type Options struct {
	Platform *template.Platform
	Invoker  Invoker
	Client   *sqs.Client
	Region   string
	// CrashVisibility is when the messages of a function that crashed or timed out are seen again. Zero leaves
	// them to the queue's own visibility timeout, as AWS does; fault runs set 10 s.
	CrashVisibility time.Duration
	// Chance decides what Switches leave to it, for tests that repeat a run. All sources draw from it at once. Nil is new each time.
	Chance *rand.Rand
}

// anew is a source that nobody can repeat.
type anew struct{}

func (anew) Uint64() uint64 { return rand.Uint64() }

// Switches make delivery worse than it is, within what SQS allows.
type Switches struct {
	Duplicate float64       // chance that a batch is delivered to two processes at once
	Reorder   bool          // shuffle what one receive brought
	Delay     time.Duration // wait up to this long before each delivery
	Alone     float64       // chance that a receive brings one message, however many wait
}

// Poller runs all event sources of a platform.
type Poller struct {
	opt      Options
	urls     map[string]string // queue name → URL
	queues   map[string]template.Queue
	switches atomic.Pointer[Switches]
	inFlight atomic.Int64
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// connections are kept for the next call: each source has a receive and a delete under way.
const connections = 200

// NewClient makes an SQS client for a local server, which checks no credentials.
func NewClient(endpoint, region string) *sqs.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = connections, connections
	return sqs.New(sqs.Options{
		Region: region, BaseEndpoint: aws.String(endpoint), HTTPClient: awsretry.Whole{Client: &http.Client{Transport: transport}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
}

// New creates the platform's queues on the server, dead-letter queues first. Nothing is received until Start.
func New(ctx context.Context, opt Options) (*Poller, error) {
	opt.Region = cmp.Or(opt.Region, "eu-central-1")
	if opt.Chance == nil {
		opt.Chance = rand.New(anew{})
	}
	p := &Poller{opt: opt, queues: map[string]template.Queue{}}
	for _, q := range opt.Platform.Queues {
		p.queues[q.Name] = q
	}
	p.switches.Store(&Switches{})
	var err error
	p.urls, err = p.createQueues(ctx)
	return p, err
}

// SetSwitches takes effect with the next receive.
func (p *Poller) SetSwitches(s Switches) { p.switches.Store(&s) }

// Start begins to receive. Close ends it.
func (p *Poller) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	for _, e := range p.opt.Platform.EventSources {
		if e.Enabled {
			s := newSource(p, e)
			p.running.Go(func() { s.receiveLoop(ctx) })
			p.running.Go(func() { s.deleteLoop() })
		}
	}
}

// Close stops receiving and waits for the batches under way and their deletes.
func (p *Poller) Close() {
	if p.cancel != nil {
		p.cancel()
	}
	p.running.Wait()
}

// InFlight is how many messages are with a function or being deleted.
func (p *Poller) InFlight() int { return int(p.inFlight.Load()) }

// source is one event source mapping. A token in slots is room for a batch; nothing is received without one. Each worker has
// room for the batch it works on and for the next, as Lambda's pollers keep some ready; a queue's visibility lasts for six.
// Nothing is received before half of the room is free, so that a busy queue is asked for many messages at a time; while a
// worker has nothing to do, half of it always is.
type source struct {
	p       *Poller
	mapping template.EventSource
	queue   template.Queue
	url     string
	slots   chan struct{}
	least   int           // how many slots are free before anything is received
	busy    chan struct{} // holds one for each worker that has a batch
	deletes chan types.Message
	workers sync.WaitGroup
}

func newSource(p *Poller, e template.EventSource) *source {
	concurrency := cmp.Or(e.MaximumConcurrency, defaultConcurrency)
	room := max(2*concurrency, receiveLimit)
	least := room / 2
	if p.queues[e.Queue].FIFO {
		room, least = concurrency, 1
	}
	s := &source{
		p: p, mapping: e, queue: p.queues[e.Queue], url: p.urls[e.Queue],
		slots: make(chan struct{}, room), least: least, busy: make(chan struct{}, concurrency), deletes: make(chan types.Message, 1000),
	}
	for range room {
		s.slots <- struct{}{}
	}
	return s
}

func (s *source) receiveLoop(ctx context.Context) {
	for ctx.Err() == nil {
		free := s.freeSlots(ctx)
		if free == 0 {
			break
		}
		want := s.room(free)
		if s.p.opt.Chance.Float64() < s.p.switches.Load().Alone {
			want = 1
		}
		messages, err := s.gather(ctx, want)
		if err != nil && ctx.Err() == nil {
			slog.Warn("receive from SQS", "queue", s.queue.Name, "error", err)
			pause(ctx, retryPause)
		}
		used := s.deliver(ctx, messages)
		for range free - used {
			s.slots <- struct{}{}
		}
	}
	s.workers.Wait()
	close(s.deletes)
}

// freeSlots waits until there is room enough and takes all there is; 0 when ctx has ended.
func (s *source) freeSlots(ctx context.Context) (free int) {
	for free < s.least {
		select {
		case <-s.slots:
			free++
		case <-ctx.Done():
			return 0
		}
	}
	for {
		select {
		case <-s.slots:
			free++
		default:
			return free
		}
	}
}

// room is how many messages the free slots can take. The batches of a FIFO queue go out one at a time:
// two batches of one receive could hold the same group.
func (s *source) room(free int) int {
	if s.queue.FIFO {
		return s.mapping.BatchSize
	}
	return min(free*s.mapping.BatchSize, max(receiveLimit, s.mapping.BatchSize))
}

// gather receives up to want messages: one call, or as many as fit into the batching window.
func (s *source) gather(ctx context.Context, want int) ([]types.Message, error) {
	got, err := s.receive(ctx, want, longPoll)
	if err != nil || len(got) == 0 || s.mapping.Window == 0 {
		return got, err
	}
	end := time.Now().Add(s.mapping.Window)
	for len(got) < s.mapping.BatchSize {
		left := int(time.Until(end).Seconds())
		if left < 1 || ctx.Err() != nil {
			break
		}
		more, err := s.receive(ctx, s.mapping.BatchSize-len(got), left)
		if err != nil {
			return got, err
		}
		got = append(got, more...)
	}
	return got, nil
}

func (s *source) receive(ctx context.Context, want, wait int) ([]types.Message, error) {
	out, err := s.p.opt.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &s.url, MaxNumberOfMessages: int32(min(want, receiveLimit)), WaitTimeSeconds: int32(wait),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	s.p.inFlight.Add(int64(len(out.Messages)))
	return out.Messages, nil
}

// deliver splits messages into batches and gives each to a worker; it answers how many slots it took.
func (s *source) deliver(ctx context.Context, messages []types.Message) (slots int) {
	sw := s.p.switches.Load()
	if sw.Reorder {
		s.p.opt.Chance.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	}
	for len(messages) > 0 {
		n := min(s.mapping.BatchSize, len(messages))
		batch := messages[:n]
		messages = messages[n:]
		slots++
		s.workers.Go(func() {
			defer func() { s.slots <- struct{}{} }()
			s.busy <- struct{}{}
			defer func() { <-s.busy }()
			if sw.Delay > 0 {
				pause(ctx, time.Duration(s.p.opt.Chance.Int64N(int64(sw.Delay))))
			}
			s.work(batch, s.p.opt.Chance.Float64() < sw.Duplicate)
		})
	}
	return slots
}

// work invokes the function with a batch. A duplicate runs at the same time; its verdict does not count.
func (s *source) work(batch []types.Message, twice bool) {
	payload := encode(batch, s.queue.ARN, s.p.opt.Region)
	// A batch that has begun is finished even while the poller closes.
	ctx := context.Background()
	var other sync.WaitGroup
	if twice {
		other.Go(func() {
			if _, err := s.p.opt.Invoker.Invoke(ctx, s.mapping.Function, payload); err != nil {
				slog.Warn("deliver a duplicate", "function", s.mapping.Function, "error", err)
			}
		})
	}
	result, err := s.p.opt.Invoker.Invoke(ctx, s.mapping.Function, payload)
	other.Wait()
	if err != nil && !errors.Is(err, host.ErrClosed) {
		slog.Warn("deliver from SQS", "function", s.mapping.Function, "error", err)
	}
	failed := len(batch)
	if err == nil {
		failed = s.settle(batch, verdict(batch, result, s.mapping.ReportFailures))
	}
	if failed > 0 && (err != nil || result.Died) {
		s.returnSoon(batch)
	}
	s.p.inFlight.Add(int64(-failed))
}

// settle passes the messages that succeeded on to be deleted and answers how many did not.
func (s *source) settle(batch []types.Message, failed map[string]bool) int {
	n := 0
	for _, m := range batch {
		if failed[*m.MessageId] {
			n++
			continue
		}
		s.deletes <- m
	}
	return n
}

// returnSoon makes a whole batch visible again after CrashVisibility.
func (s *source) returnSoon(batch []types.Message) {
	if s.p.opt.CrashVisibility == 0 {
		return
	}
	for _, m := range batch {
		_, err := s.p.opt.Client.ChangeMessageVisibility(context.Background(), &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &s.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(s.p.opt.CrashVisibility.Seconds()),
		})
		if err != nil {
			slog.Warn("return a message to its queue", "queue", s.queue.Name, "error", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
