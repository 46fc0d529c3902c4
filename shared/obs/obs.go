// Package obs is what a function says about itself: one wide JSON event per invocation, and metrics in CloudWatch's
// embedded metric format, which cost a line of log and no client. Nothing here ever writes a field's value that a
// person typed: events carry ids, codes and counts.
package obs

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"sync"
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
	level       slog.Level
	start       time.Time
	products    []Product
}

type eventKey struct{}

var cold = true

// Start opens the invocation's event. The first one of a process is marked cold.
func Start(ctx context.Context, function, requestID string) (context.Context, *Event) {
	e := &Event{function: function, start: time.Now(), attrs: []slog.Attr{
		slog.String("fn", function), slog.String("request_id", requestID), slog.Bool("cold", cold)}}
	cold = false
	return context.WithValue(ctx, eventKey{}, e), e
}

// Add puts a fact into the invocation's event: an id, a code, a count; never what somebody typed.
func Add(ctx context.Context, key string, value any) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.attrs = append(e.attrs, slog.Any(key, value))
	}
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

// End writes the event. One that failed is counted too: Lambda's own count of errors knows nothing of an answer 500 or of a
// message that goes back to its queue.
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
	e.attrs = append(e.attrs, slog.Float64("ms", float64(time.Since(e.start).Microseconds())/1000))
	Log.LogAttrs(ctx, e.level, "invocation", e.attrs...)
	if e.level < slog.LevelError {
		return false
	}
	Count(e.function, "Failed", 1)
	return true
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

var metricsOut io.Writer = os.Stdout

// Count publishes a metric under the function's name. Names are few and fixed; no ids. In Lambda the name is the deployed
// one, so that the alarms of two stages in one account do not hear each other.
func Count(function, name string, value float64) {
	if lambdacontext.FunctionName != "" {
		function = lambdacontext.FunctionName
	}
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp": time.Now().UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace": "FitKit", "Dimensions": [][]string{{"Function"}}, "Metrics": []any{map[string]string{"Name": name}},
			}},
		},
		"Function": function, name: value,
	})
	if err == nil {
		_, _ = metricsOut.Write(append(line, '\n'))
	}
}
