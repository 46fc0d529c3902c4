package host

import (
	"sync"
	"time"
)

// kept is how far back figures are remembered.
const kept = 25 * time.Hour

// Figures are what a function's invocations did in a span of time.
type Figures struct {
	Invocations, Errors int64
	Total, Slowest      time.Duration
}

func (f *Figures) add(g Figures) {
	f.Invocations, f.Errors, f.Total, f.Slowest = f.Invocations+g.Invocations, f.Errors+g.Errors, f.Total+g.Total, max(f.Slowest, g.Slowest)
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
	f := &i.function.figures
	f.mu.Lock()
	defer f.mu.Unlock()
	at := began.Truncate(time.Minute).Unix()
	of, known := f.minute[at]
	if !known {
		f.forget(now.Add(-kept).Unix())
	}
	of.add(one)
	f.minute[at] = of
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
