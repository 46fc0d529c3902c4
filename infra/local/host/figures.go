package host

import (
	"bytes"
	"sync"
	"time"
)

// kept is how far back figures are remembered.
const kept = 25 * time.Hour

// Figures are what a function's invocations did in a span of time.
type Figures struct {
	Invocations, Errors int64
	Failed              int64 // events that say so: FitKit's own metric
	Total, Slowest      time.Duration
}

func (f *Figures) add(g Figures) {
	f.Invocations, f.Errors, f.Failed = f.Invocations+g.Invocations, f.Errors+g.Errors, f.Failed+g.Failed
	f.Total, f.Slowest = f.Total+g.Total, max(f.Slowest, g.Slowest)
}

// figures are a function's by the minute in which an invocation began, as CloudWatch keeps them.
type figures struct {
	mu     sync.Mutex
	minute map[int64]Figures // by Unix time
}

// count notes an invocation that ends now, before its caller learns the answer: who asks next finds it counted. One that
// never reached a process took no time.
func (i *invocation) count(r Result) {
	now := time.Now()
	began := i.started
	if began.IsZero() {
		began = now
	}
	one := Figures{Invocations: 1, Total: now.Sub(began), Slowest: now.Sub(began)}
	if r.FunctionError != "" {
		one.Errors = 1
	}
	i.function.figures.add(began, one)
}

// read notes a line that is the event of a failed invocation, or of a failed message, as CloudWatch takes the metric out of it.
func (f *figures) read(line []byte, at time.Time) {
	if bytes.Contains(line, []byte(`"_aws":`)) && bytes.Contains(line, []byte(`"Failed":1`)) {
		f.add(at, Figures{Failed: 1})
	}
}

func (f *figures) add(at time.Time, one Figures) {
	f.mu.Lock()
	defer f.mu.Unlock()
	minute := at.Truncate(time.Minute).Unix()
	of, known := f.minute[minute]
	if !known {
		f.forget(time.Now().Add(-kept).Unix())
	}
	of.add(one)
	f.minute[minute] = of
}

// forget drops what is older. It is called once a minute at most.
func (f *figures) forget(before int64) {
	if f.minute == nil {
		f.minute = map[int64]Figures{}
	}
	for at := range f.minute {
		if at < before {
			delete(f.minute, at)
		}
	}
}

// Figures are those of a function's invocations that began from since until until, by whole minutes. Of the last day they are complete.
func (h *Host) Figures(function string, since, until time.Time) (sum Figures) {
	f, ok := h.functions[function]
	if !ok {
		return sum
	}
	f.figures.mu.Lock()
	defer f.figures.mu.Unlock()
	for at, of := range f.figures.minute {
		if at >= since.Unix() && at < until.Unix() {
			sum.add(of)
		}
	}
	return sum
}
