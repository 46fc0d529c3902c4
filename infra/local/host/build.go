package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"fitkit/infra/local/template"
)

// Builder makes a function's binary and knows what it is made from.
type Builder interface {
	// Build writes CodeDir/bootstrap. Its error is what the developer reads.
	Build(ctx context.Context, f template.Function) error
	// Fingerprints gives each function a text that changes when a rebuild is due. It is asked once a second
	// for all that have been built.
	Fingerprints(ctx context.Context, functions []template.Function) (map[string]string, error)
}

// GoBuilder builds functions/<name> of the module in Root with the flags of a deployment.
type GoBuilder struct {
	Root string
	// Tags are added to lambda.norpc and timetzdata.
	Tags []string

	once sync.Once
	slot chan struct{} // bounds parallel builds by the number of processors
	deps depCache
}

// Build runs go build; nothing is linked again when the binary is up to date.
func (b *GoBuilder) Build(ctx context.Context, f template.Function) error {
	b.once.Do(func() { b.slot = make(chan struct{}, runtime.GOMAXPROCS(0)) })
	select {
	case b.slot <- struct{}{}:
		defer func() { <-b.slot }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tags := strings.Join(append([]string{"lambda.norpc", "timetzdata"}, b.Tags...), ",")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-trimpath", "-ldflags", "-s -w",
		"-o", filepath.Join(f.CodeDir, "bootstrap"), "./functions/"+f.Name)
	cmd.Dir = b.Root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s: %w\n%s", ErrBuild, f.Name, err, out.Bytes())
	}
	return nil
}

// builder is a function's build: at most one runs, and everyone who needs it waits for it.
type builder struct {
	mu    sync.Mutex
	fresh bool          // the binary is up to date as far as is known
	err   error         // of the last build, when it failed
	print string        // fingerprint of what was built
	wait  chan struct{} // closed when the build under way ends
}

// ensureBuilt returns when the binary is up to date, or with the compiler's complaint.
func (h *Host) ensureBuilt(ctx context.Context, f *function) error {
	if h.opt.Builder == nil {
		return nil
	}
	b := &f.build
	b.mu.Lock()
	if b.fresh {
		defer b.mu.Unlock()
		return b.err
	}
	if b.wait == nil {
		b.wait = make(chan struct{})
		if !h.background(func() { h.rebuild(f) }) {
			b.wait = nil
			b.mu.Unlock()
			return ErrClosed
		}
	}
	wait := b.wait
	b.mu.Unlock()
	select {
	case <-wait:
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// background runs work that Close waits for; it reports false when the host is closed.
func (h *Host) background(work func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.running.Go(work)
	return true
}

// rebuild builds f and, when that succeeds, drains the processes of the binary before.
func (h *Host) rebuild(f *function) {
	began := time.Now()
	// The fingerprint is taken first: a file saved during the build makes it stale again.
	prints, err := h.opt.Builder.Fingerprints(h.ctx, []template.Function{f.Function})
	err = errors.Join(err, h.opt.Builder.Build(h.ctx, f.Function))
	line := fmt.Sprintf("built in %.1f s", time.Since(began).Seconds())
	if err != nil {
		line = err.Error()
	} else {
		h.drain(f)
	}
	h.logs.add(LogLine{Function: f.Name, Time: time.Now(), Line: line})
	b := &f.build
	b.mu.Lock()
	b.fresh, b.err, b.print = true, err, prints[f.Name]
	close(b.wait)
	b.wait = nil
	b.mu.Unlock()
}

// drain ends the idle processes of an older binary; busy ones end when they have answered.
func (h *Host) drain(f *function) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.version++
	for _, p := range slices.Clone(f.idle) {
		h.retire(p)
	}
}
