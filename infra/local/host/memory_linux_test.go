package host_test

import (
	"strings"
	"testing"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// A function has the memory that its template gives it, and no more. Red without the watch: the function then ends by itself
// once it holds four times its share.
func TestAFunctionThatTakesMoreMemoryThanItHasIsKilled(t *testing.T) {
	h := start(t, host.Options{Functions: []template.Function{probe("a")}})
	if out, r := invoke(t, h, "a", `{"do":"hold","megabytes":64}`); r.FunctionError != "" || out.PID == 0 {
		t.Fatalf("half of its memory: %s", r.Payload)
	}
	_, r := invoke(t, h, "a", `{"do":"hold","megabytes":512}`)
	if !r.Died || !strings.Contains(string(r.Payload), `Runtime exited with error: signal: killed","errorType":"Runtime.ExitError"`) {
		t.Errorf("four times its memory: %+v %s", r, r.Payload)
	}
	if out, r := invoke(t, h, "a", "{}"); out.PID == 0 {
		t.Errorf("the next invocation: %s", r.Payload)
	}
	said := 0
	for _, l := range h.Logs().Last("a", 100) {
		if strings.HasPrefix(l.Line, "out of memory: it holds ") && strings.HasSuffix(l.Line, " MB, its template gives it 128 MB; killed") && l.RequestID != "" {
			said++
		}
	}
	if said != 1 {
		t.Errorf("the log says %d times why it was killed", said)
	}
}
