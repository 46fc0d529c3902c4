package host

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// stamp is how Lambda writes instants in its log.
const stamp = "2006-01-02T15:04:05.000Z"

// invocation is one event on its way through a process. It is answered exactly once.
type invocation struct {
	id       string
	function *function
	payload  []byte
	started  time.Time
	deadline time.Time
	timer    *time.Timer
	tries    int // processes that ended for it before they asked for work
	answered atomic.Bool
	done     chan outcome
	stream   *sink // nil: the answer is taken whole
}

type outcome struct {
	result Result
	err    error
}

// answer reports whether r is the answer; the first one counts.
func (i *invocation) answer(r Result) bool {
	if !i.answered.CompareAndSwap(false, true) {
		return false
	}
	i.count(r)
	i.done <- outcome{result: r}
	return true
}

func (i *invocation) fail(err error) {
	if i.answered.CompareAndSwap(false, true) {
		i.done <- outcome{err: err}
	}
}

// Invoke runs a function with payload and waits for its result. A function that fails, crashes or times out is
// a Result with FunctionError; an error means that it was not run (ErrUnknownFunction, ErrPayloadTooLarge,
// ErrBuild, ErrClosed) or that ctx ended. A running function is not stopped by ctx, as on Lambda.
func (h *Host) Invoke(ctx context.Context, name string, payload []byte) (Result, error) {
	return h.invoke(ctx, name, payload, nil)
}

func (h *Host) invoke(ctx context.Context, name string, payload []byte, stream *sink) (Result, error) {
	f, ok := h.functions[name]
	if !ok {
		return Result{}, fmt.Errorf("invoke %s: %w", name, ErrUnknownFunction)
	}
	if len(payload) > MaxPayload {
		return Result{}, fmt.Errorf("invoke %s: %w", name, ErrPayloadTooLarge)
	}
	if err := h.ensureBuilt(ctx, f); err != nil {
		return Result{}, fmt.Errorf("invoke %s: %w", name, err)
	}
	inv := &invocation{id: newRequestID(), function: f, payload: payload, done: make(chan outcome, 1), stream: stream}
	if h.opt.Record != nil {
		h.opt.Record(name, inv.id, payload)
	}
	h.enqueue(inv)
	select {
	case out := <-inv.done:
		return out.result, out.err
	case <-ctx.Done():
		h.withdraw(inv)
		return Result{}, fmt.Errorf("invoke %s: %w", name, context.Cause(ctx))
	}
}

// Built returns when the function's binary is up to date, or with the compiler's complaint.
func (h *Host) Built(ctx context.Context, name string) error {
	f, ok := h.functions[name]
	if !ok {
		return fmt.Errorf("build %s: %w", name, ErrUnknownFunction)
	}
	return h.ensureBuilt(ctx, f)
}

// newRequestID has the form of a UUID and needs only to be unique on this machine.
func newRequestID() string {
	const hex = "0123456789abcdef"
	b := []byte("00000000-0000-4000-8000-000000000000")
	hi, lo := rand.Uint64(), rand.Uint64()
	for i, c := range b {
		if c != '0' {
			continue
		}
		if i < 18 {
			b[i], hi = hex[hi&15], hi>>4
		} else {
			b[i], lo = hex[lo&15], lo>>4
		}
	}
	return string(b)
}

func errorResult(kind, message string, died bool) Result {
	payload := `{"errorMessage":` + strconv.Quote(message) + `,"errorType":` + strconv.Quote(kind) + `}`
	return Result{Payload: []byte(payload), FunctionError: "Unhandled", Died: died}
}

// begin hands inv to p. The caller holds Host.mu.
func (h *Host) begin(p *process, inv *invocation) {
	p.current.Store(inv)
	inv.started = time.Now()
	inv.deadline = inv.started.Add(inv.function.Timeout)
	inv.timer = time.AfterFunc(inv.function.Timeout, func() { h.timeOut(p, inv) })
	p.thaw()
	p.work <- inv
}

// timeOut kills a process that did not answer in time. A process that answered at the last moment is left
// alone: it may serve another invocation by now.
func (h *Host) timeOut(p *process, inv *invocation) {
	message := fmt.Sprintf("%s %s Task timed out after %.2f seconds", time.Now().UTC().Format(stamp), inv.id, inv.function.Timeout.Seconds())
	if inv.answer(errorResult("Sandbox.Timedout", message, true)) {
		p.kill()
	}
}

// finish ends the invocation that p is serving. It reports false when id is not that invocation, or when its
// time was over.
func (h *Host) finish(p *process, id string, r Result) bool {
	inv := p.current.Load()
	if inv == nil || inv.id != id || !h.release(p, inv) {
		return false
	}
	inv.timer.Stop()
	inv.count(r)
	inv.done <- outcome{result: r}
	status := "success"
	if r.FunctionError != "" {
		status = "error"
	}
	h.report(inv, status)
	return true
}

// release claims the answer of inv and notes that p comes back for more, before its caller learns the answer:
// a caller that invokes again at once gets the same process.
func (h *Host) release(p *process, inv *invocation) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !inv.answered.CompareAndSwap(false, true) {
		return false
	}
	p.current.Store(nil)
	p.returning = true
	p.function.returning++
	return true
}

// report writes the line that Lambda writes at the end of an invocation in its JSON log format.
func (h *Host) report(inv *invocation, status string) {
	now := time.Now()
	b := make([]byte, 0, 192)
	b = append(b, `{"time":"`...)
	b = now.UTC().AppendFormat(b, stamp)
	b = append(b, `","type":"platform.report","record":{"requestId":"`...)
	b = append(b, inv.id...)
	b = append(b, `","metrics":{"durationMs":`...)
	b = strconv.AppendFloat(b, float64(now.Sub(inv.started).Microseconds())/1000, 'f', 3, 64)
	b = append(b, `},"status":"`...)
	b = append(b, status...)
	b = append(b, `"}}`...)
	h.logs.add(LogLine{Function: inv.function.Name, RequestID: inv.id, Time: now, Line: string(b)})
}
