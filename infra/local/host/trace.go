package host

import (
	"encoding/json"
	"slices"
	"strings"
)

// Correlation is the id in a line that is an event, or "".
func (l LogLine) Correlation() string {
	if !strings.Contains(l.Line, `"correlation_id"`) {
		return ""
	}
	var event struct {
		Correlation string `json:"correlation_id"`
	}
	_ = json.Unmarshal([]byte(l.Line), &event) // plain text has none
	return event.Correlation
}

// Trace is what a request and all the work it caused wrote, in the order of time: the lines that name its correlation id, and
// those of the same invocations that name none, such as the report at an invocation's end.
func Trace(lines []LogLine, id string) []LogLine {
	type invocation struct{ function, request string }
	part := map[invocation]bool{}
	named := make([]string, len(lines))
	for i, l := range lines {
		if named[i] = l.Correlation(); named[i] == id {
			part[invocation{l.Function, l.RequestID}] = true
		}
	}
	var found []LogLine
	for i, l := range lines {
		if named[i] == id || named[i] == "" && part[invocation{l.Function, l.RequestID}] {
			found = append(found, l)
		}
	}
	slices.SortStableFunc(found, func(a, b LogLine) int { return a.Time.Compare(b.Time) })
	return found
}
