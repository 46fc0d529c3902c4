package host

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fitkit/infra/local/proc"
)

// process is one running binary of a function. Host.mu guards its plain fields.
type process struct {
	function *function
	number   uint64
	version  int
	used     uint64 // Host.clock when it last became idle
	asked    bool   // it has asked for an event at least once
	dying    bool   // retired from the idle ones, not reaped yet
	frozen   bool
	// returning says that it has answered and not yet asked for its next event.
	returning bool

	work    chan *invocation // holds at most the one it was given
	current atomic.Pointer[invocation]
	last    atomic.Pointer[string] // request id that its output belongs to
	slow    atomic.Bool            // it did not ask for its first event in time

	mu     sync.Mutex
	child  *proc.Process // nil until it runs
	killed bool
}

// spawn starts a process of f in the background. The caller holds mu.
func (h *Host) spawn(f *function) {
	f.made++
	f.starting++
	h.alive++
	p := &process{function: f, number: f.made, version: f.version, work: make(chan *invocation, 1)}
	f.procs[p.number] = p
	h.running.Go(func() { h.gone(p, h.run(p)) })
}

// run is the life of a process; it says how that ended.
func (h *Host) run(p *process) string {
	f := p.function
	tmp, err := os.MkdirTemp(h.opt.TempDir, "fitkit-"+f.Name+"-")
	if err != nil {
		return err.Error()
	}
	defer func() {
		if err := os.RemoveAll(tmp); err != nil {
			slog.Warn("remove a function's temporary folder", "error", err)
		}
	}()
	child, err := proc.Start(proc.Options{
		Name: f.Name, Path: filepath.Join(f.CodeDir, "bootstrap"), Dir: f.CodeDir,
		Env: h.environment(p, tmp), Stdout: &lineWriter{logs: h.logs, process: p},
	})
	if err != nil {
		return err.Error()
	}
	p.attach(child)
	limit := time.AfterFunc(h.opt.InitLimit, func() { h.initExpired(p) })
	defer limit.Stop()
	<-child.Done()
	var exit *proc.ExitError
	if errors.As(child.Err(), &exit) {
		return exit.Cause.Error()
	}
	return "exit status 0"
}

func (h *Host) initExpired(p *process) {
	h.mu.Lock()
	asked := p.asked
	h.mu.Unlock()
	if !asked {
		p.slow.Store(true)
		p.kill()
	}
}

func (p *process) attach(child *proc.Process) {
	p.mu.Lock()
	p.child = child
	killed := p.killed
	p.mu.Unlock()
	if killed {
		p.kill()
	}
}

// kill ends the process and all it started. It is safe at any time, before the start and after the end too.
func (p *process) kill() {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	p.signal(syscall.SIGKILL)
}

func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	child := p.child
	p.mu.Unlock()
	if child == nil {
		return
	}
	if err := child.Signal(s); err != nil {
		slog.Warn("signal a function's process", "signal", s, "error", err)
	}
}

// pid is 0 while the process does not run yet.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return 0
	}
	return p.child.PID()
}

// freeze stops an idle process as Lambda does between invocations. The caller holds Host.mu.
func (p *process) freeze() {
	p.frozen = true
	p.signal(syscall.SIGSTOP)
}

func (p *process) thaw() {
	if p.frozen {
		p.frozen = false
		p.signal(syscall.SIGCONT)
	}
}

// requestID is the invocation that a line of output belongs to: the present one, or the last when it is idle.
func (p *process) requestID() string {
	if last := p.last.Load(); last != nil {
		return *last
	}
	return ""
}

// environment is what the template grants and what Lambda adds; nothing comes from this process's own.
// TMPDIR stands for the private /tmp of an execution environment.
func (h *Host) environment(p *process, tmp string) []string {
	f := p.function
	number := strconv.FormatUint(p.number, 10)
	env := []string{
		"AWS_LAMBDA_RUNTIME_API=" + h.Addr() + "/" + f.Name + "/" + number,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.LambdaName,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.LambdaName,
		"AWS_LAMBDA_LOG_STREAM_NAME=local/[$LATEST]" + number,
		"AWS_REGION=" + h.opt.Region,
		"AWS_DEFAULT_REGION=" + h.opt.Region,
		"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
		"AWS_ACCESS_KEY_ID=local",
		"AWS_SECRET_ACCESS_KEY=local",
		"AWS_SESSION_TOKEN=local",
		"LAMBDA_TASK_ROOT=" + f.CodeDir,
		"TZ=:UTC",
		"_HANDLER=bootstrap",
		"TMPDIR=" + tmp,
	}
	for name, value := range f.Env {
		env = append(env, name+"="+value)
	}
	return env
}
