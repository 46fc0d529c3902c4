package obs

import "context"

// Failure is what a service for errors learns of an invocation that failed: ids and codes.
type Failure struct {
	Function string
	Tags     map[string]string
}

// told are the facts that leave with a Failure. An error's text is not among them: it may repeat what somebody typed.
var told = map[string]bool{"request_id": true, "correlation_id": true, "org": true, "job": true, "code": true, "route": true, "status": true, "version": true}

var report func(context.Context, Failure)

// ReportTo has every invocation that fails told to f, after its event is written and before its answer goes out. f bounds
// its own time; nil tells nobody.
func ReportTo(f func(context.Context, Failure)) { report = f }

func (e *Event) failure() Failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := Failure{e.function, map[string]string{}}
	for _, a := range e.attrs {
		if told[a.Key] {
			f.Tags[a.Key] = a.Value.String()
		}
	}
	return f
}
