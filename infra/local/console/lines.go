package console

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"fitkit/infra/local/host"
)

// allLines is more than a host keeps.
const allLines = 1 << 30

// tally is what a function's kept lines say of it.
type tally struct {
	Runs, Errors    int
	Last, LastError time.Time
	Broken          string // why it does not compile
}

func isReport(l host.LogLine) bool { return strings.Contains(l.Line, `"type":"platform.report"`) }

// isError: the event of an invocation that failed, or the report of one that crashed or ran out of time. The level stands at
// the head of a line; further on could be anything.
func isError(l host.LogLine) bool {
	return strings.Contains(l.Line[:min(len(l.Line), 80)], `"level":"ERROR"`) || isReport(l) && !strings.Contains(l.Line, `"status":"success"`)
}

// tallies counts invocations by function. A failed one is counted once, however many lines say so.
func tallies(lines []host.LogLine) map[string]*tally {
	counted, failed := map[string]*tally{}, map[string]bool{}
	for _, l := range lines {
		of := counted[l.Function]
		if of == nil {
			of = &tally{}
			counted[l.Function] = of
		}
		if l.RequestID == "" && strings.HasPrefix(l.Line, host.ErrBuild.Error()) {
			of.Broken = l.Line
			continue
		}
		if isReport(l) {
			of.Runs, of.Last, of.Broken = of.Runs+1, l.Time, ""
		}
		if isError(l) && !failed[l.RequestID] {
			failed[l.RequestID] = true
			of.Errors, of.LastError = of.Errors+1, l.Time
		}
	}
	return counted
}

// invocation is one run of a function with what it wrote.
type invocation struct {
	Request, Correlation string
	Began                time.Time
	Milliseconds         float64
	Status               string // of the report; empty while it runs
	Failed               bool
	Lines                []host.LogLine
}

// invocationsOf groups a function's lines, the newest invocation first.
func invocationsOf(lines []host.LogLine) []*invocation {
	byRequest, list := map[string]*invocation{}, []*invocation{}
	for _, l := range lines {
		of := byRequest[l.RequestID]
		if of == nil {
			of = &invocation{Request: l.RequestID, Began: l.Time}
			byRequest[l.RequestID], list = of, append(list, of)
		}
		of.add(l)
	}
	slices.Reverse(list)
	return list
}

func (i *invocation) add(l host.LogLine) {
	i.Lines = append(i.Lines, l)
	i.Failed = i.Failed || isError(l)
	if i.Correlation == "" {
		i.Correlation = l.Correlation()
	}
	if !isReport(l) {
		return
	}
	var report struct {
		Record struct {
			Status  string
			Metrics struct{ DurationMs float64 }
		}
	}
	if json.Unmarshal([]byte(l.Line), &report) == nil {
		i.Status, i.Milliseconds = report.Record.Status, report.Record.Metrics.DurationMs
	}
}

// eventField is a member of a line that is an event.
type eventField struct{ Name, Value string }

// eventFields takes an event apart, in its own order; text that is no event, and a metric, has none.
func eventFields(line string) []eventField {
	dec := json.NewDecoder(strings.NewReader(line))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	var fields []eventField
	for dec.More() {
		name, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil || name == "_aws" {
			return nil
		}
		text := string(value)
		_ = json.Unmarshal(value, &text) // what is no string stays as it is written
		fields = append(fields, eventField{name.(string), text})
	}
	return fields
}
