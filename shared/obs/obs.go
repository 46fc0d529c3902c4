// Package obs is what a function says about itself: one wide JSON event per invocation, and metrics in CloudWatch's
// embedded metric format, which cost a line of log and no client. Nothing here ever writes a field's value that a
// person typed: events carry ids, codes and counts.
package obs

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Log is the function's logger; JSON lines on standard output, where Lambda collects them.
var Log = slog.New(slog.NewJSONHandler(os.Stdout, nil))

// Redirect sends the log elsewhere, for tests that read it.
func Redirect(w io.Writer) { Log, metricsOut = slog.New(slog.NewJSONHandler(w, nil)), w }

// Event gathers the facts of one invocation.
type Event struct {
	mu          sync.Mutex
	function    string
	correlation string
	attrs       []slog.Attr
	spent       []spent
	cold        bool
	level       slog.Level
	start       time.Time
	products    []Product
}

// spent is how long the invocation took over one thing.
type spent struct {
	name string
	time time.Duration
}

type eventKey struct{}

var started atomic.Bool

// Start opens the invocation's event. The first one of a process is marked cold. version is the function's in Lambda: a number
// where deployments are gradual and two may answer at once, $LATEST where all change together.
func Start(ctx context.Context, function, requestID string) (context.Context, *Event) {
	cold := !started.Swap(true)
	e := &Event{function: function, start: time.Now(), cold: cold, attrs: []slog.Attr{
		slog.String("fn", function), slog.String("request_id", requestID), slog.Bool("cold", cold)}}
	if lambdacontext.FunctionVersion != "" {
		e.attrs = append(e.attrs, slog.String("version", lambdacontext.FunctionVersion))
	}
	return context.WithValue(ctx, eventKey{}, e), e
}

// Add puts a fact into the invocation's event: an id, a code, a count; never what somebody typed. A fact that is there
// already is replaced.
func Add(ctx context.Context, key string, value any) {
	e, ok := ctx.Value(eventKey{}).(*Event)
	if !ok {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.IndexFunc(e.attrs, func(a slog.Attr) bool { return a.Key == key }); i >= 0 {
		e.attrs[i].Value = slog.AnyValue(value)
		return
	}
	e.attrs = append(e.attrs, slog.Any(key, value))
}

// Took adds d to what the invocation has spent on one thing so far, such as "db_ms": the event tells it, and it is measured.
func Took(ctx context.Context, name string, d time.Duration) {
	e, ok := ctx.Value(eventKey{}).(*Event)
	if !ok {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.IndexFunc(e.spent, func(s spent) bool { return s.name == name }); i >= 0 {
		e.spent[i].time += d
		return
	}
	e.spent = append(e.spent, spent{name, d})
}

// Failed raises the event to an error and keeps the error's text. Callers pass errors of our own making and of
// the database and network, none of which hold values of requests.
func Failed(ctx context.Context, err error) {
	Add(ctx, "error", err.Error())
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.level = slog.LevelError
	}
}

// End writes the event, whose line is the invocation's metrics too.
func (e *Event) End(ctx context.Context) {
	if e.write(ctx) && report != nil {
		report(ctx, e.failure())
	}
	if all := e.captured(); len(all) > 0 {
		products(ctx, all)
	}
}

func (e *Event) write(ctx context.Context) (failed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.correlation != "" {
		e.attrs = append(e.attrs, slog.String("correlation_id", e.correlation))
	}
	e.spent = append(e.spent, spent{"ms", time.Since(e.start)})
	for _, s := range e.spent {
		e.attrs = append(e.attrs, slog.Float64(s.name, float64(s.time.Microseconds())/1000))
	}
	Log.LogAttrs(ctx, e.level, "invocation", append(e.attrs, e.metrics()...)...)
	return e.level >= slog.LevelError
}

type correlationKey struct{}

// WithCorrelation carries the id that ties a request to all the work it causes. The event has the last one: a webhook begins
// with an id of its own, and goes on with that of the request it answers, once it is known.
func WithCorrelation(ctx context.Context, id string) context.Context {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.mu.Lock()
		e.correlation = id
		e.mu.Unlock()
	}
	return context.WithValue(ctx, correlationKey{}, id)
}

// Correlation is the id of the work that runs, or "".
func Correlation(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey{}).(string)
	return id
}
