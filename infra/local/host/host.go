// Package host runs the functions of a template as real processes on this machine, as AWS Lambda would: a
// Runtime API on one port with a path prefix per process, one process per concurrent invocation, exactly the
// environment that the template grants, timeouts and memory limits by SIGKILL and the payload limits of the service.
// The wire format is that of contracts/platform/aws-runtime.md §1 and §6.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"fitkit/infra/local/template"
)

const (
	// MaxPayload is Lambda's limit for a synchronous event and for its result, in bytes.
	MaxPayload = 6 << 20
	// maxInitTries is how often a process may be started for one invocation before it is given up: the first
	// initialisation is free, the second is part of the invocation.
	maxInitTries = 2
)

// Errors of Invoke: the function was not run, or nobody waited for its answer.
var (
	ErrUnknownFunction = errors.New("no such function")
	ErrPayloadTooLarge = errors.New("payload over 6 MB")
	ErrBuild           = errors.New("the function does not compile")
	ErrClosed          = errors.New("the host is closed")
)

// Options configure a Host. The zero value of each field means its default.
type Options struct {
	Functions []template.Function
	// Addr is where the Runtime API listens; 127.0.0.1:0 by default.
	Addr   string
	Region string
	// MaxTimeout, when it is set, is the longest that a function may run whatever its template says: the leases of its
	// jobs follow its deadline, and fault runs wait for leases.
	MaxTimeout time.Duration
	// MaxProcesses is the number of function processes alive at once, over all functions; 64.
	MaxProcesses int
	// InitLimit is how long a process may take until it asks for its first event; 10 s.
	InitLimit time.Duration
	// Builder makes the binaries. Without one they are used as they lie in CodeDir.
	Builder Builder
	// Freeze stops a process (SIGSTOP) between invocations, as Lambda does.
	Freeze bool
	// Cold ends a process after each invocation, so that every invocation starts one.
	Cold bool
	// Log gets every line that a function writes, and a report line per invocation. It must not block.
	Log func(LogLine)
	// Record gets every event before it is delivered, for replay. It must not keep or change payload.
	Record func(function, requestID string, payload []byte)
	// TempDir holds each process's own TMPDIR; the system's temporary folder by default.
	TempDir string
}

// Result is what an invocation came to.
type Result struct {
	// Payload is the function's answer, or the error document {"errorMessage","errorType"}.
	Payload []byte
	// FunctionError is empty on success and "Unhandled" when the function failed.
	FunctionError string
	// Died says that the process crashed, was killed or ran out of time, rather than returning an error.
	Died bool
}

// Host runs functions. Its methods may be called concurrently.
type Host struct {
	opt      Options
	listener net.Listener
	server   *http.Server
	logs     *Logs
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup // processes and the watchers

	mu        sync.Mutex
	functions map[string]*function
	alive     int         // processes that have not been reaped
	dying     int         // of these, the ones that were retired
	starved   []*function // functions that wait for room, first come first served
	clock     uint64      // grows with each use of a process; orders them by recency
	closed    bool
}

// function is one function's pool. Its fields are guarded by Host.mu, but for build.
type function struct {
	template.Function
	build    builder
	procs    map[uint64]*process
	idle     []*process // most recently used last
	waiting  []*invocation
	starting int
	// returning processes have answered and not yet asked for their next event.
	returning int
	made      uint64 // number of the last process started
	version   int    // grows with each build; older processes are drained
	figures   figures
}

// New starts the Runtime API. Functions are built and started when they are first invoked.
func New(opt Options) (*Host, error) {
	opt = opt.withDefaults()
	l, err := net.Listen("tcp", opt.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the Runtime API: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Host{opt: opt, listener: l, logs: newLogs(opt.Log), ctx: ctx, cancel: cancel, functions: map[string]*function{}}
	for _, f := range opt.Functions {
		if opt.MaxTimeout > 0 {
			f.Timeout = min(f.Timeout, opt.MaxTimeout)
		}
		h.functions[f.Name] = &function{Function: f, procs: map[uint64]*process{}}
	}
	h.server = &http.Server{Handler: http.HandlerFunc(h.serve), ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	h.running.Go(func() {
		if err := h.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the Runtime API stopped", "error", err)
		}
	})
	h.running.Go(h.watchMemory)
	if opt.Builder != nil {
		h.running.Go(h.watch)
	}
	return h, nil
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Region == "" {
		o.Region = "eu-central-1"
	}
	if o.MaxProcesses == 0 {
		o.MaxProcesses = 64
	}
	if o.InitLimit == 0 {
		o.InitLimit = 10 * time.Second
	}
	return o
}

// Addr is the address of the Runtime API.
func (h *Host) Addr() string { return h.listener.Addr().String() }

// Close kills all function processes and returns when they are gone.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	for _, f := range h.functions {
		for _, inv := range f.waiting {
			inv.fail(ErrClosed)
		}
		f.waiting = nil
		for _, p := range f.procs {
			p.kill()
		}
	}
	h.mu.Unlock()
	h.cancel()
	err := h.server.Close()
	h.running.Wait()
	return err
}

// Functions lists the names of the functions that the host knows, sorted.
func (h *Host) Functions() []string {
	names := make([]string, 0, len(h.functions))
	for name := range h.functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Logs keeps the last lines that functions wrote.
func (h *Host) Logs() *Logs { return h.logs }
