// Package job is the queue edge: it turns SQS messages into typed calls. A message may arrive twice, late, or together
// with others that fail; the job's row in Postgres decides who works on it, and only what failed comes back.
package job

import (
	"context"
	"encoding/json"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// Op is a job's declaration. Its queue is its name without "job-".
type Op struct {
	Name           string
	Summary        string
	Needs          []need.Need
	MemoryMB       int           // 256 by default
	Timeout        time.Duration // 30 s by default
	BatchSize      int           // 1 by default: a message that kills its process takes nobody along
	MaxConcurrency int           // 10 by default
	System         bool          // its jobs belong to no organisation; needs SystemPostgres
	TakesRow       bool          // the handler's first batch takes the jobs' rows (queue.TakeBatch), which saves a commit
}

const (
	defaultMemory      = 256
	defaultTimeout     = 30 * time.Second
	defaultConcurrency = 10
	maxReceive         = 5
)

// Queue is where the job's messages wait.
func (o Op) Queue() queue.Name { return queue.Name(run.JobQueue(o.Name)) }

// Send is the need of whoever enqueues this job.
func (o Op) Send() need.Need { return need.Send(string(o.Queue())) }

// Spec is what templates and documents are made from.
func (o Op) Spec() run.Spec {
	return run.Spec{
		Name: o.Name, Summary: o.Summary, Needs: o.Needs, Memory: or(o.MemoryMB, defaultMemory), Timeout: or(o.Timeout, defaultTimeout),
		Queue: &run.Queue{Name: string(o.Queue()), BatchSize: or(o.BatchSize, 1), MaxConcurrency: or(o.MaxConcurrency, defaultConcurrency),
			MaxReceive: maxReceive, System: o.System},
	}
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Handler is a job with its code.
type Handler struct {
	Op       Op
	together bool
	handle   func([]*message) // of one organisation; leaves in each what became of it
	read     func(payload []byte) (any, error)
}

// Spec is the operation's.
func (h Handler) Spec() run.Spec { return h.Op.Spec() }

// Read is a payload as the handler gets it. Tests ask it whether messages of former releases are still understood.
func (h Handler) Read(payload []byte) (any, error) { return h.read(payload) }

// ErrPayload means a message that this version cannot read; it is dead at once, for trying again cannot help.
var ErrPayload = fail.New(fail.Invalid, "job.payload", "The job's payload cannot be read by this version.", "גרסה זו אינה יכולה לקרוא את תוכן העבודה.")

// New makes a job's handler. M is the payload. The caller is FitKit itself in the job's organisation.
func New[M any](op Op, handle func(ctx context.Context, c tenancy.Caller, m M) error) Handler {
	h := NewTogether(op, func(work []*queue.Work[M]) {
		for _, w := range work {
			w.Err = handle(w.Ctx, w.Caller, w.Message)
		}
	})
	h.together = false
	return h
}

// NewTogether makes a handler that gets the messages of a batch together, those of each organisation by themselves and
// side by side with another's.
func NewTogether[M any](op Op, handle func([]*queue.Work[M])) Handler {
	return Handler{
		Op: op, together: true,
		handle: func(messages []*message) {
			var work []*queue.Work[M]
			var of []*message
			for _, one := range messages {
				w := &queue.Work[M]{Ctx: one.working, Caller: one.caller(op)}
				if w.Message, one.err = read[M](one.payload); one.err == nil {
					work, of = append(work, w), append(of, one)
				}
			}
			if len(work) > 0 {
				handle(work)
			}
			for i, w := range work {
				of[i].err = w.Err
			}
		},
		read: func(payload []byte) (any, error) { return read[M](payload) },
	}
}

func read[M any](payload []byte) (m M, err error) {
	if json.Unmarshal(payload, &m) != nil {
		err = ErrPayload
	}
	return m, err
}
