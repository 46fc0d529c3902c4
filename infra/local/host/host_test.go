package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

var probeDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fitkit-host-test-")
	if err != nil {
		panic(err)
	}
	probeDir = dir
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "./testdata/probe").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// probe is a function whose binary does what its event says.
func probe(name string) template.Function {
	return template.Function{
		Name: name, LambdaName: "fitkit-test-" + name, ARN: "arn:aws:lambda:eu-central-1:000000000000:function:fitkit-test-" + name,
		CodeDir: probeDir, MemoryMB: 128, Timeout: 30 * time.Second,
	}
}

func start(t testing.TB, opt host.Options) *host.Host {
	t.Helper()
	h, err := host.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

type report struct {
	PID    int
	Env    []string
	Text   string
	Budget bool
}

func invoke(t testing.TB, h *host.Host, name, payload string) (report, host.Result) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := h.Invoke(ctx, name, []byte(payload))
	if err != nil {
		t.Errorf("invoke %s: %v", name, err)
	}
	var out report
	_ = json.Unmarshal(r.Payload, &out) // an error document has none of the fields
	return out, r
}

// crossing holds functions back until as many have arrived as the test wants.
type crossing struct {
	*httptest.Server
	arrived chan struct{}
	open    chan struct{}
}

func newCrossing(t *testing.T) *crossing {
	c := &crossing{arrived: make(chan struct{}, 100), open: make(chan struct{})}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.arrived <- struct{}{}
		select {
		case <-c.open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *crossing) order() string { return `{"do":"meet","url":"` + c.URL + `"}` }

func (c *crossing) await(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-c.arrived:
		case <-time.After(time.Minute):
			t.Fatal("a function did not arrive")
		}
	}
}

func TestEachConcurrentInvocationHasAProcessOfItsOwn(t *testing.T) {
	h := start(t, host.Options{Functions: []template.Function{probe("a")}})
	first := together(t, h, 4)
	slices.Sort(first)
	if len(slices.Compact(first)) != 4 {
		t.Errorf("4 invocations at once ran in processes %v", first)
	}
	second := together(t, h, 4)
	slices.Sort(second)
	if !slices.Equal(first, second) {
		t.Errorf("idle processes were not used again: first %v, then %v", first, second)
	}
}

// together runs n invocations that are all under way at the same moment and gives their process ids.
func together(t *testing.T, h *host.Host, n int) []int {
	c := newCrossing(t)
	pids := make([]int, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			out, _ := invoke(t, h, "a", c.order())
			pids[i] = out.PID
		})
	}
	c.await(t, n)
	close(c.open)
	all.Wait()
	return pids
}

func TestFullHostEndsTheProcessUsedLongestAgo(t *testing.T) {
	h := start(t, host.Options{MaxProcesses: 2, Functions: []template.Function{probe("a"), probe("b"), probe("c")}})
	invoke(t, h, "a", "{}")
	b, _ := invoke(t, h, "b", "{}")
	invoke(t, h, "c", "{}")
	if left := h.Processes("a"); len(left) != 0 {
		t.Errorf("a still has %v", left)
	}
	if again, _ := invoke(t, h, "b", "{}"); again.PID != b.PID {
		t.Error("b's process was ended although a's was older")
	}
}

func TestFullHostOfBusyProcessesMakesOthersWait(t *testing.T) {
	h := start(t, host.Options{MaxProcesses: 1, Functions: []template.Function{probe("a"), probe("b")}})
	c := newCrossing(t)
	var all sync.WaitGroup
	all.Go(func() { invoke(t, h, "a", c.order()) })
	c.await(t, 1)
	waiting, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := h.Invoke(waiting, "b", []byte("{}"))
		gaveUp <- err
	}()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("an invocation that waits for room ended with %v", err)
	}
	all.Go(func() { invoke(t, h, "b", "{}") })
	close(c.open)
	all.Wait()
}

func TestFailuresAreAnsweredAsLambdaDoes(t *testing.T) {
	quick := probe("quick")
	quick.Timeout = 100 * time.Millisecond
	h := start(t, host.Options{Functions: []template.Function{probe("a"), quick}})
	c := newCrossing(t)
	for name, tc := range map[string]struct {
		function, event, kind, message string
		died                           bool
	}{
		"a process that exits":             {"a", `{"do":"exit"}`, "Runtime.ExitError", "exit status 3", true},
		"a function that returns an error": {"a", `{"do":"fail"}`, "errorString", "told to fail", false},
		"a panic":                          {"a", `{"do":"panic"}`, "string", "probe", false},
		"an answer over 6 MB":              {"a", `{"do":"big"}`, "Function.ResponseSizeTooLarge", "exceeded maximum allowed", false},
		"a function over its time":         {"quick", c.order(), "Sandbox.Timedout", "Task timed out after 0.10 seconds", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, r := invoke(t, h, tc.function, tc.event)
			var e struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(r.Payload, &e); err != nil {
				t.Fatalf("%q: %v", r.Payload, err)
			}
			if r.FunctionError != "Unhandled" || r.Died != tc.died || e.ErrorType != tc.kind || !strings.Contains(e.ErrorMessage, tc.message) {
				t.Errorf("got %+v %+v", r.FunctionError, e)
			}
			if _, after := invoke(t, h, "a", "{}"); after.FunctionError != "" {
				t.Errorf("the next invocation failed too: %s", after.Payload)
			}
		})
	}
}

func TestRefusedInvocations(t *testing.T) {
	h := start(t, host.Options{Functions: []template.Function{probe("a")}})
	if _, err := h.Invoke(t.Context(), "nobody", nil); !errors.Is(err, host.ErrUnknownFunction) {
		t.Errorf("unknown function: %v", err)
	}
	if _, err := h.Invoke(t.Context(), "a", make([]byte, host.MaxPayload+1)); !errors.Is(err, host.ErrPayloadTooLarge) {
		t.Errorf("payload over 6 MB: %v", err)
	}
}

func TestAKilledProcessFailsItsInvocationOnly(t *testing.T) {
	h := start(t, host.Options{Functions: []template.Function{probe("a")}})
	c := newCrossing(t)
	var r host.Result
	var all sync.WaitGroup
	all.Go(func() { _, r = invoke(t, h, "a", c.order()) })
	c.await(t, 1)
	busy := h.Busy("a")
	if len(busy) != 1 {
		t.Fatalf("busy processes: %v", busy)
	}
	if err := h.Kill(busy[0]); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if !r.Died || !strings.Contains(string(r.Payload), "signal: killed") {
		t.Errorf("got %+v %s", r, r.Payload)
	}
	if out, _ := invoke(t, h, "a", "{}"); out.PID == 0 || out.PID == busy[0] {
		t.Errorf("the next invocation ran in %d", out.PID)
	}
	if err := h.Kill(os.Getpid()); err == nil {
		t.Error("a process that is not the host's was killed")
	}
}

func TestEnvironmentIsTheTemplatesAndLambdasAlone(t *testing.T) {
	t.Setenv("DEVELOPERS_OWN", "secret")
	f := probe("a")
	f.Env = map[string]string{"DATABASE_URL": "postgres://granted", "TZ_HINT": "x=y"}
	h := start(t, host.Options{Functions: []template.Function{f}})
	out, _ := invoke(t, h, "a", `{"do":"env"}`)
	want := []string{
		"AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
		"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
		"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"DATABASE_URL", "LAMBDA_TASK_ROOT", "TMPDIR", "TZ", "TZ_HINT", "_HANDLER",
		"_X_AMZN_TRACE_ID", // set by aws-lambda-go itself, from the invocation
	}
	var got []string
	for _, v := range out.Env {
		name, _, _ := strings.Cut(v, "=")
		got = append(got, name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("environment:\n got %v\nwant %v", got, want)
	}
	for _, v := range []string{"DATABASE_URL=postgres://granted", "TZ_HINT=x=y", "TZ=:UTC", "AWS_LAMBDA_FUNCTION_NAME=fitkit-test-a", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"} {
		if !slices.Contains(out.Env, v) {
			t.Errorf("%s is not in the environment", v)
		}
	}
}

func TestOutputIsKeptWithItsInvocation(t *testing.T) {
	lines := make(chan host.LogLine, 10)
	h := start(t, host.Options{Functions: []template.Function{probe("a")}, Log: func(l host.LogLine) { lines <- l }})
	invoke(t, h, "a", `{"do":"log"}`)
	var id string
	got := map[string]string{}
	for range 3 {
		l := <-lines
		got[l.Line] = l.RequestID
		id = l.RequestID
	}
	if id == "" || got["to stdout"] != id || got["to stderr"] != id {
		t.Errorf("got %v", got)
	}
	if last := h.Logs().Last("a", 2); len(last) != 2 {
		t.Errorf("the ring keeps %v", last)
	}
}

func TestInvocationsHaveADeadline(t *testing.T) {
	h := start(t, host.Options{Functions: []template.Function{probe("a")}})
	if out, _ := invoke(t, h, "a", `{"do":"deadline"}`); !out.Budget {
		t.Error("the context has no deadline")
	}
}

func TestAFunctionThatCannotStartIsReported(t *testing.T) {
	for name, tc := range map[string]struct{ init, want string }{
		"it exits before it asks for work": {"crash", "exit status 7"},
		"it never asks for work":           {"hang", "initialisation did not end within 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			f := probe("a")
			f.Env = map[string]string{"PROBE_INIT": tc.init}
			opt := host.Options{Functions: []template.Function{f}}
			if tc.init == "hang" {
				opt.InitLimit = 100 * time.Millisecond
			}
			h := start(t, opt)
			if _, r := invoke(t, h, "a", "{}"); !r.Died || !strings.Contains(string(r.Payload), tc.want) {
				t.Errorf("got %s", r.Payload)
			}
		})
	}
}

func TestAFrozenProcessThawsForItsNextInvocation(t *testing.T) {
	h := start(t, host.Options{Freeze: true, Functions: []template.Function{probe("a")}})
	first, _ := invoke(t, h, "a", "{}")
	for range 20 {
		if again, _ := invoke(t, h, "a", "{}"); again.PID != first.PID {
			t.Fatalf("another process answered: %d, then %d", first.PID, again.PID)
		}
	}
}

func TestColdStartsAProcessForEachInvocation(t *testing.T) {
	h := start(t, host.Options{Cold: true, Functions: []template.Function{probe("a")}})
	first, _ := invoke(t, h, "a", "{}")
	if second, _ := invoke(t, h, "a", "{}"); second.PID == first.PID {
		t.Errorf("process %d answered twice", first.PID)
	}
}

func TestMaxTimeoutEndsAFunctionThatItsTemplateAllowsLonger(t *testing.T) {
	h := start(t, host.Options{Functions: []template.Function{probe("a")}, MaxTimeout: 100 * time.Millisecond})
	c := newCrossing(t)
	_, r := invoke(t, h, "a", c.order())
	if !r.Died || !strings.Contains(string(r.Payload), "Task timed out after 0.10 seconds") {
		t.Errorf("got %+v %s", r, r.Payload)
	}
}
