package main

import (
	"context"
	"encoding/json"
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
	executeTurns    = 6
	// shareOfRaw is the bound against bare pgx in the same run.
	shareOfRaw = 0.5
)

// crews is how many work at once, on how many charges on each side, and how many times as many as BullMQ they must collect.
var crews = []struct {
	workers, charges int
	overBullMQ       float64
}{{1, 7200, 1}, {8, 14400, 1.5}, {32, 19200, 0}}

func executeFigures(ctx context.Context, s *system) (figures []figure, err error) {
	t, err := newTill(ctx, s)
	if err != nil {
		return nil, err
	}
	old, err := s.openOldWorker(ctx, t)
	if err != nil {
		return nil, err
	}
	defer old.close()
	for _, c := range crews {
		r, err := s.executeInTurns(ctx, t, old, c.workers, max(s.times(c.charges)/executeTurns, 4*c.workers))
		if err != nil {
			return nil, err
		}
		who := strconv.Itoa(c.workers) + " workers"
		figures = append(figures,
			figure{name: "execute-charge, " + who, value: r.ours.median(), spread: r.ours, unit: "/s", none: true},
			figure{name: "a BullMQ worker with the same statements, " + who, value: r.bullmq.median(), spread: r.bullmq, unit: "/s", none: true},
			figure{name: "the same statements by bare pgx, " + who, value: r.raw.median(), spread: r.raw, unit: "/s", none: true},
			figure{name: "execute-charge compared with BullMQ, " + who, value: r.ours.median() / r.bullmq.median(), spread: r.ours.over(r.bullmq), unit: "×",
				bound: c.overBullMQ, none: c.overBullMQ == 0},
			figure{name: "execute-charge compared with bare pgx, " + who, value: r.ours.median() / r.raw.median(), spread: r.ours.over(r.raw), unit: "×", bound: shareOfRaw})
	}
	return figures, nil
}

// rates is charges a second of each side, turn by turn.
type rates struct{ ours, bullmq, raw sample }

// executeInTurns collects charges with the real function, with a BullMQ worker and with bare pgx, turn by turn, each its own
// share. Each turn another one begins, so that what the first pays for is paid by all; a turn before the first is for caches,
// connections and compilers to warm up.
func (s *system) executeInTurns(ctx context.Context, t *till, old *oldWorker, workers, each int) (r rates, err error) {
	l, err := s.openLine(ctx, workers)
	if err != nil {
		return r, err
	}
	defer l.close()
	raw, err := s.openRawCrew(ctx, workers)
	if err != nil {
		return r, err
	}
	defer raw.close()
	sides := []struct {
		into    *sample
		execute func(context.Context, []due) (float64, error)
	}{
		{&r.ours, l.execute},
		{&r.bullmq, func(ctx context.Context, list []due) (float64, error) { return old.execute(ctx, list, workers) }},
		{&r.raw, raw.execute},
	}
	for turn := range 1 + executeTurns {
		list, err := t.make(ctx, len(sides)*each)
		if err != nil {
			return r, err
		}
		for i := range sides {
			side := sides[(turn+i)%len(sides)]
			rate, err := side.execute(ctx, list[i*each:(i+1)*each])
			if err != nil {
				return r, err
			}
			if turn > 0 {
				*side.into = append(*side.into, rate)
			}
		}
	}
	return r, nil
}

// line is the real way of a charge: a queue, a poller with so many workers, and the function's processes. Each has a queue
// of its own: the local SQS server goes on with a receive whose caller has left, and what it then gives out is lost for as
// long as the queue hides it.
type line struct {
	s      *system
	of     string // what its queue's name begins with: a message says whose job it is, so the rest is the deployed queue's name
	queue  string
	work   int // workers
	host   *host.Host
	poller *poller.Poller
	watch  atomic.Pointer[stopwatch]
	feed   sync.RWMutex // held while the queue is filled: nobody works before all is in it
}

func (s *system) openLine(ctx context.Context, workers int) (*line, error) {
	f, err := s.function(executeFunction)
	if err != nil {
		return nil, err
	}
	l := &line{s: s, work: workers, of: strconv.Itoa(workers) + "-"}
	l.queue = l.of + executeQueue
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
	l.feed.RLock()
	defer l.feed.RUnlock()
	r, err := l.host.Invoke(ctx, function, payload)
	l.watch.Load().lap(messages(payload))
	return r, err
}

// messages is how many a batch holds.
func messages(payload []byte) int {
	var batch struct{ Records []json.RawMessage }
	if json.Unmarshal(payload, &batch) != nil {
		return 0 // the poller wrote it
	}
	return len(batch.Records)
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
	return l.watch.Load().rate(), l.s.allDone(ctx, list)
}

// send sends the charges' jobs as the outbox does.
func (l *line) send(ctx context.Context, list []due) error {
	l.feed.Lock()
	defer l.feed.Unlock()
	jobs := make([]postgres.Staged, len(list))
	for i, d := range list {
		var err error
		if jobs[i], err = d.staged(executeQueue); err != nil {
			return err
		}
	}
	sender := outbox.NewSender(outbox.Config{URLPrefix: l.s.queueURLPrefix() + l.of, Endpoint: l.s.Variables["SQS_ENDPOINT_URL"], Region: stores.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
	sent, err := sender.Send(ctx, clock.Real(), jobs)
	if err == nil && len(sent) != len(jobs) {
		err = fmt.Errorf("SQS took %d of %d messages", len(sent), len(jobs))
	}
	return err
}

// allPaid proves that the work was done: every charge is paid.
func (s *system) allPaid(ctx context.Context, list []due) error {
	return s.count(ctx, "charges that are paid", "select count(*) from charges where id = any($1::uuid[]) and state = 'paid'", list, func(d due) string { return d.charge })
}

// allDone is allPaid, and every job is done.
func (s *system) allDone(ctx context.Context, list []due) error {
	err := s.allPaid(ctx, list)
	if err == nil {
		err = s.count(ctx, "jobs that are done", "select count(*) from jobs where id = any($1::uuid[]) and state = 'done'", list, func(d due) string { return d.job })
	}
	return err
}

// count fails when sql counts other than all of the list.
func (s *system) count(ctx context.Context, what, sql string, list []due, of func(due) string) error {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = of(d)
	}
	var n int
	err := s.admin.QueryRow(ctx, sql, ids).Scan(&n)
	if err == nil && n != len(list) {
		err = fmt.Errorf("there should be %d %s, and there are %d", len(list), what, n)
	}
	return err
}

// stopwatch counts work that ended and notes when.
type stopwatch struct {
	skip, want     int
	mu             sync.Mutex
	count, skipped int
	began, end     time.Time
	done           chan struct{}
}

// newStopwatch waits for n laps and leaves the first two of each worker out.
func newStopwatch(workers, n int) *stopwatch {
	return &stopwatch{skip: 2 * workers, want: n, done: make(chan struct{})}
}

// lap counts n pieces of work that ended together.
func (w *stopwatch) lap(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count += n
	if w.skipped == 0 && w.count >= w.skip {
		w.began, w.skipped = time.Now(), w.count
	}
	if w.count == w.want {
		w.end = time.Now()
		close(w.done)
	}
}

// rate is laps a second, of those that were not left out.
func (w *stopwatch) rate() float64 { return float64(w.want-w.skipped) / w.end.Sub(w.began).Seconds() }
