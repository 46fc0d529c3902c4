// Package proc runs the local platform's child processes so that none outlives it: a child
// has its own process group, is stopped politely before it is killed, and is ended by the
// operating system when the platform itself is killed with -9.
package proc

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Options says what to run and how to end it. Only Path is required.
type Options struct {
	Name string // what errors call the process; empty means Path
	Path string // program, looked up on PATH when it has no slash
	Args []string
	Dir  string   // working directory; empty means the caller's
	Env  []string // the whole environment; nil means the caller's

	Stdout io.Writer // nil discards
	Stderr io.Writer // nil means where Stdout goes

	User *syscall.Credential // nil means the caller's own user

	StopSignal  syscall.Signal // what Stop sends first; 0 means SIGTERM
	Grace       time.Duration  // how long Stop waits before SIGKILL; 0 means 10 s
	ParentDeath syscall.Signal // what the child gets when we are killed (Linux); 0 means SIGKILL

	// Tree says that the child starts processes of its own (a shell, a test runner). They are
	// then killed with it too when we die, at the price of one more small process.
	Tree bool
}

// Process is a started child. All methods may be called from any goroutine.
type Process struct {
	opt  Options
	cmd  *exec.Cmd
	tail *tail
	done chan struct{}

	mu      sync.Mutex
	ended   bool
	stopped bool
	err     error
}

// Start starts the child and returns as soon as it runs.
func Start(o Options) (*Process, error) {
	o = o.withDefaults()
	p := &Process{opt: o, tail: &tail{max: tailLines}, done: make(chan struct{})}
	p.cmd = p.command()
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Name, err)
	}
	return p, nil
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = o.Path
	}
	if o.StopSignal == 0 {
		o.StopSignal = syscall.SIGTERM
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.ParentDeath == 0 {
		o.ParentDeath = syscall.SIGKILL
	}
	return o
}

func (p *Process) command() *exec.Cmd {
	c := exec.Command(p.opt.Path, p.opt.Args...)
	c.Dir, c.Env = p.opt.Dir, p.opt.Env
	c.Stdout = p.tail.tee(p.opt.Stdout)
	c.Stderr = c.Stdout
	if p.opt.Stderr != nil {
		c.Stderr = p.tail.tee(p.opt.Stderr)
	}
	// A grandchild that keeps the pipe open must not keep us from seeing the child's end.
	c.WaitDelay = time.Second
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.opt.User}
	dieWithParent(c.SysProcAttr, p.opt.ParentDeath)
	return c
}

// run keeps its thread for as long as the child lives: Linux sends the parent-death signal
// when the thread that started the child ends, not when the process does.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if p.opt.Tree || !kernelEndsChild {
		dog, err := startWatchdog(p.opt.User)
		if err != nil {
			started <- err
			return
		}
		defer dog.end()
		p.cmd.SysProcAttr.Pgid = dog.cmd.Process.Pid
	}
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	p.finish(p.cmd.Wait())
	close(p.done)
}

// finish records how the child ended and takes what is left of its group with it.
func (p *Process) finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = syscall.Kill(-p.group(), syscall.SIGKILL)
	p.ended = true
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		p.err = &ExitError{Name: p.opt.Name, Cause: err, LastLines: p.tail.lines()}
	}
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// group is the id of the child's process group: the watchdog's, or else its own.
func (p *Process) group() int {
	if leader := p.cmd.SysProcAttr.Pgid; leader != 0 {
		return leader
	}
	return p.PID()
}

// Done is closed when the child has ended and its output is read to the end.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is nil while the child runs, when it ended with code 0, and when Stop ended it;
// otherwise it is an *ExitError.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	return p.err
}

// ExitCode is the child's exit code, or 128 plus the signal that ended it, as shells count.
// It is valid after Done.
func (p *Process) ExitCode() int {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends sig to the child's whole group. A child that has ended is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	if err := syscall.Kill(-p.group(), sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %s: %w", p.opt.Name, err)
	}
	return nil
}

// Stop asks the child to end, kills it when the grace is over, and returns once it is gone.
func (p *Process) Stop() error {
	p.mu.Lock()
	p.stopped = p.stopped || !p.ended
	p.mu.Unlock()
	if err := p.Signal(p.opt.StopSignal); err != nil {
		return err
	}
	grace := time.NewTimer(p.opt.Grace)
	defer grace.Stop()
	select {
	case <-p.done:
		return nil
	case <-grace.C:
	}
	err := p.Signal(syscall.SIGKILL)
	<-p.done
	return err
}
