package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"

	"fitkit/infra/local/proc"
)

// sandbox is a third party that is played on this machine, a process of its own.
type sandbox struct {
	name      string // folder in infra/local/sandbox
	title     string // for people
	url       string
	variables Variables // that point the functions at it

	process *proc.Process
	log     *os.File
	asked   atomic.Bool
}

// buildSandboxes compiles the sandboxes into .local/bin, all in one go build. What is up to date is not linked again.
func buildSandboxes(ctx context.Context, root string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	out := filepath.Join(root, binFolder, "sandbox")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	args := []string{"build", "-o", out + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "./infra/local/sandbox/"+name)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("The sandboxes do not compile: %w\n%s", err, said)
	}
	return nil
}

// startSandbox runs a sandbox on its port of last time and returns once it says where it listens. A sandbox that dies
// is not started again: what it remembered of the moment is gone, and a developer should see that.
func (p *Platform) startSandbox(ctx context.Context, name, title string, flags ...string) (*sandbox, error) {
	port, err := freePort(p.Secrets.Ports[name])
	if err != nil {
		return nil, fmt.Errorf("no free port for the %s sandbox: %w", title, err)
	}
	p.Secrets.Ports[name] = port
	s := &sandbox{name: name, title: title, variables: Variables{}}
	if s.log, err = os.Create(filepath.Join(p.opt.Dir, "logs", name+".log")); err != nil {
		return nil, err
	}
	said := &announcement{heard: make(chan struct{})}
	flags = append([]string{"-addr", fmt.Sprintf("127.0.0.1:%d", port), "-state", filepath.Join(p.opt.Dir, name)}, flags...)
	s.process, err = proc.Start(proc.Options{
		Name: "The " + title + " sandbox", Path: filepath.Join(p.opt.Root, binFolder, "sandbox", name),
		Args: append(flags, p.opt.Sandboxes[name]...), Dir: p.opt.Root, Env: []string{}, Stdout: said, Stderr: s.log,
	})
	if err != nil {
		return nil, errors.Join(err, s.log.Close())
	}
	p.sandboxes = append(p.sandboxes, s)
	select {
	case <-said.heard:
		s.url = said.url
	case <-s.process.Done():
		return nil, s.ending()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p.say("The %s sandbox is ready at %s.", title, s.url)
	go p.watch(s)
	return s, nil
}

// watch reports a sandbox that ends without being asked to.
func (p *Platform) watch(s *sandbox) {
	<-s.process.Done()
	if !s.asked.Load() {
		p.died <- fmt.Errorf("The %s sandbox stopped by itself. Its log is %s: %w", s.title, s.log.Name(), s.ending())
	}
}

func (s *sandbox) ending() error {
	if err := s.process.Err(); err != nil {
		return err
	}
	return fmt.Errorf("it ended with exit code %d", s.process.ExitCode())
}

func (s *sandbox) stop() error {
	s.asked.Store(true)
	return errors.Join(s.process.Stop(), s.log.Close())
}

// announcement waits for the first line of a sandbox, "listening on <url>". What follows is dropped.
type announcement struct {
	line  []byte
	url   string
	heard chan struct{}
}

// Write takes output in pieces of any size; it never fails.
func (a *announcement) Write(b []byte) (int, error) {
	if a.url != "" {
		return len(b), nil
	}
	a.line = append(a.line, b...)
	line, _, ended := bytes.Cut(a.line, []byte("\n"))
	if url, ok := strings.CutPrefix(string(line), "listening on "); ok && ended {
		a.url = url
		close(a.heard)
	}
	return len(b), nil
}
