package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
	"fitkit/shared/clock"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres"
)

const (
	executeFunction = "job-billing-execute-charge"
	executeTurns    = 4
	// shareOfRaw is the bound against bare pgx in the same run.
	shareOfRaw = 0.5
)

// crews is how many work at once, on how many charges on each side, and how many charges a second they must reach.
var crews = []struct {
	workers, charges int
	floor            float64
}{{1, 1000, 220}, {8, 2000, 720}, {32, 2000, 0}}

func executeFigures(ctx context.Context, s *system) (figures []figure, err error) {
	t, err := newTill(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, c := range crews {
		ours, raw, err := s.executeInTurns(ctx, t, c.workers, max(s.times(c.charges)/executeTurns, 4*c.workers))
		if err != nil {
			return nil, err
		}
		who := strconv.Itoa(c.workers) + " workers"
		figures = append(figures,
			figure{name: "execute-charge, " + who, value: ours.median(), spread: ours, unit: "/s", bound: c.floor, none: c.floor == 0},
			figure{name: "the same statements by bare pgx, " + who, value: raw.median(), spread: raw, unit: "/s", none: true},
			figure{name: "execute-charge compared with bare pgx, " + who, value: ours.median() / raw.median(), spread: ours.over(raw), unit: "×", bound: shareOfRaw})
	}
	return figures, nil
}

// executeInTurns collects charges with the real function and with bare pgx, turn by turn.
func (s *system) executeInTurns(ctx context.Context, t *till, workers, each int) (ours, raw sample, err error) {
	l, err := s.openLine(ctx, workers)
	if err != nil {
		return nil, nil, err
	}
	defer l.close()
	for range executeTurns {
		list, err := t.make(ctx, 2*each)
		if err != nil {
			return nil, nil, err
		}
		a, err := l.execute(ctx, list[:each])
		if err != nil {
			return nil, nil, err
		}
		b, err := s.executeRaw(ctx, list[each:], workers)
		if err != nil {
			return nil, nil, err
		}
		ours, raw = append(ours, a), append(raw, b)
	}
	return ours, raw, nil
}

// line is the real way of a charge: a queue, a poller with so many workers, and the function's processes. Each has a queue
// of its own: the local SQS server goes on with a receive whose caller has left, and what it then gives out is lost for as
// long as the queue hides it.
type line struct {
	s      *system
	queue  string
	work   int // workers
	host   *host.Host
	poller *poller.Poller
	watch  atomic.Pointer[stopwatch]
}

func (s *system) openLine(ctx context.Context, workers int) (*line, error) {
	f, err := s.function(executeFunction)
	if err != nil {
		return nil, err
	}
	l := &line{s: s, work: workers, queue: executeQueue + "-" + strconv.Itoa(workers)}
	if l.host, err = newHost(f); err != nil {
		return nil, err
	}
	l.poller, err = poller.New(ctx, poller.Options{Platform: l.platform(), Invoker: l, Region: stores.Region,
		Client: poller.NewClient(s.Variables["SQS_ENDPOINT_URL"], stores.Region)})
	if err != nil {
		return nil, errors.Join(err, l.host.Close())
	}
	return l, nil
}

func (l *line) close() {
	l.poller.Close()
	_ = l.host.Close() // the measurement is over
}

// platform is the template's event source of the function, with this line's queue and workers.
func (l *line) platform() *template.Platform {
	only := &template.Platform{Functions: l.s.Template.Functions}
	for _, e := range l.s.Template.EventSources {
		if e.Function != executeFunction {
			continue
		}
		for _, q := range l.s.Template.Queues {
			if q.Name == e.Queue {
				q.Name, q.DLQ = strings.TrimSuffix(q.Name, executeQueue)+l.queue, ""
				e.Queue, e.MaximumConcurrency = q.Name, l.work
				only.Queues, only.EventSources = append(only.Queues, q), append(only.EventSources, e)
				break
			}
		}
	}
	return only
}

// Invoke implements poller.Invoker.
func (l *line) Invoke(ctx context.Context, function string, payload []byte) (host.Result, error) {
	r, err := l.host.Invoke(ctx, function, payload)
	l.watch.Load().lap()
	return r, err
}

// execute collects the charges with the real function, fed from SQS, and answers charges a second. The clock starts when
// every worker has had some work.
func (l *line) execute(ctx context.Context, list []due) (float64, error) {
	first := l.watch.Swap(newStopwatch(l.work, len(list))) == nil
	if err := l.send(ctx, list); err != nil {
		return 0, err
	}
	if first {
		l.poller.Start()
	}
	select {
	case <-l.watch.Load().done:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return l.watch.Load().rate(), l.s.allPaid(ctx, list)
}

// send sends the charges' jobs as the outbox does.
func (l *line) send(ctx context.Context, list []due) error {
	jobs := make([]postgres.Staged, len(list))
	for i, d := range list {
		var err error
		if jobs[i], err = d.staged(l.queue); err != nil {
			return err
		}
	}
	sender := outbox.NewSender(outbox.Config{URLPrefix: l.s.queueURLPrefix(), Endpoint: l.s.Variables["SQS_ENDPOINT_URL"], Region: stores.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
	sent, err := sender.Send(ctx, clock.Real(), jobs)
	if err == nil && len(sent) != len(jobs) {
		err = fmt.Errorf("SQS took %d of %d messages", len(sent), len(jobs))
	}
	return err
}

// allPaid proves that the work was done: every charge paid, every job done.
func (s *system) allPaid(ctx context.Context, list []due) error {
	charges, jobs := make([]string, len(list)), make([]string, len(list))
	for i, d := range list {
		charges[i], jobs[i] = d.charge, d.job
	}
	var paid, done int
	err := s.admin.QueryRow(ctx, `select (select count(*) from charges where id = any($1::uuid[]) and state = 'paid'),
		(select count(*) from jobs where id = any($2::uuid[]) and state = 'done')`, charges, jobs).Scan(&paid, &done)
	if err == nil && (paid != len(list) || done != len(list)) {
		err = fmt.Errorf("of %d charges %d are paid and %d jobs done", len(list), paid, done)
	}
	return err
}

// stopwatch counts work that ended and notes when.
type stopwatch struct {
	skip, want int64
	count      atomic.Int64
	mu         sync.Mutex
	began, end time.Time
	done       chan struct{}
}

// newStopwatch waits for n laps and leaves the first two of each worker out.
func newStopwatch(workers, n int) *stopwatch {
	return &stopwatch{skip: int64(2 * workers), want: int64(n), done: make(chan struct{})}
}

func (w *stopwatch) lap() {
	n := w.count.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n {
	case w.skip:
		w.began = time.Now()
	case w.want:
		w.end = time.Now()
		close(w.done)
	}
}

// rate is laps a second, of those that were not left out.
func (w *stopwatch) rate() float64 { return float64(w.want-w.skip) / w.end.Sub(w.began).Seconds() }
