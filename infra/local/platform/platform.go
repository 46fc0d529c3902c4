// Package platform runs all of FitKit on this machine: the stores, sandboxes of the third parties, the functions of
// template.yaml as real processes, and what calls them (HTTP, queues, schedules). make dev runs it in the foreground;
// the demo, the fault tests and the benchmarks start the same thing in their own process.
package platform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"fitkit/infra/local/gateway"
	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/scheduler"
	"fitkit/infra/local/sockets"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
	"fitkit/migrations"
	"fitkit/shared/postgres"
)

// Options say what to start. Only Root is required.
type Options struct {
	Root string // the checkout: template.yaml, functions/ and the sandboxes' sources
	Dir  string // data, logs and secrets; Root/.local/dev by default
	Port int    // of the API; 0 takes any free one

	DotEnv    string            // file of variables that win over the computed ones; it may be missing
	Variables map[string]string // win over both

	Tags []string // build tags of the functions; their binaries go to a folder of their own
	// Binaries is a folder with <function>/bootstrap for each function, made beforehand. Without one the functions are
	// compiled when they are first invoked, and again when their source changes.
	Binaries string

	FunctionEnv map[string]map[string]string // further variables by function, for fault runs; "" is every function
	Sandboxes   map[string][]string          // further flags by sandbox: "clerk", "cardcom"

	// CrashVisibility is when messages that were received and not deleted are seen again; 0: as the templates say. It goes
	// with MaxTimeout, for fault runs: a queue that waits for functions of full length waits for minutes.
	CrashVisibility time.Duration
	// MaxTimeout caps the functions' time limits, and with them their leases; 0: as the templates say. For fault runs.
	MaxTimeout time.Duration
	// Migrations are another release's, for runs of code on a schema that is not its own; nil: this checkout's.
	Migrations fs.FS
	// Fast gives up PostgreSQL's durability for speed, for tests.
	Fast bool

	Progress func(string)       // one plain sentence per event, one at a time; may be nil
	Log      func(host.LogLine) // every line that functions write; may be nil; must not block
}

// Platform is a running system.
type Platform struct {
	Addresses Addresses
	Secrets   Secrets
	Variables Variables // what the functions' environments are made from

	Template  *template.Platform
	Host      *host.Host
	Poller    *poller.Poller
	Scheduler *scheduler.Scheduler
	Sockets   *sockets.API
	Stores    *stores.Stores

	opt       Options
	listener  net.Listener
	server    *http.Server
	sandboxes []*sandbox
	jobs      *postgres.SystemDB // for the console
	died      chan error
	ended     chan struct{} // closed by Stop

	stopping sync.Once
	stopErr  error
}

// Start starts everything and returns when requests are answered. ctx bounds the start only. Its errors are sentences
// for a developer; after one nothing runs.
func Start(ctx context.Context, opt Options) (*Platform, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	// A small buffer for each thing that may die: nobody waits to report its end.
	p := &Platform{opt: opt, died: make(chan error, 8), ended: make(chan struct{})}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (o Options) withDefaults() (Options, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return o, fmt.Errorf("find %s: %w", o.Root, err)
	}
	o.Root = root
	if o.Dir == "" {
		o.Dir = filepath.Join(root, ".local", "dev")
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, fmt.Errorf("find %s: %w", o.Dir, err)
	}
	if o.Migrations == nil {
		o.Migrations = migrations.FS
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	var mu sync.Mutex
	tell := o.Progress
	o.Progress = func(line string) {
		mu.Lock()
		defer mu.Unlock()
		tell(line)
	}
	return o, os.MkdirAll(filepath.Join(o.Dir, "logs"), 0o755)
}

// start takes the port first, so that a busy one is told before anything runs.
func (p *Platform) start(ctx context.Context) error {
	given, err := readGiven(p.opt)
	if err != nil {
		return err
	}
	if p.listener, err = listen(ctx, p.opt); err != nil {
		return err
	}
	p.Addresses.API = "http://" + p.listener.Addr().String()
	if err := p.foundations(ctx, given); err != nil {
		return err
	}
	p.Variables = given.over(p.computed())
	if err := p.functions(ctx); err != nil {
		return err
	}
	if err := writeState(p.opt.Dir, p.Addresses); err != nil {
		return err
	}
	p.say("FitKit answers at %s.", p.Addresses.API)
	return nil
}

func (p *Platform) say(format string, args ...any) { p.opt.Progress(fmt.Sprintf(format, args...)) }

// Died delivers one sentence for each part that ends without Stop. The rest goes on until Stop.
func (p *Platform) Died() <-chan error { return p.died }

// stopWithin is how long work under way may take once the platform was told to end.
const stopWithin = 5 * time.Second

// Stop ends everything in order: first what starts work, then the work, then what it stands on. A second call waits
// for the first and answers the same.
func (p *Platform) Stop() error {
	p.stopping.Do(func() { p.stopErr = p.stop() })
	return p.stopErr
}

func (p *Platform) stop() error {
	defer close(p.ended)
	errs := []error{p.closeDoors()}
	if p.jobs != nil {
		p.jobs.Close()
	}
	for _, s := range p.sandboxes {
		errs = append(errs, s.stop())
	}
	if p.Stores != nil {
		errs = append(errs, removeState(p.opt.Dir), p.Stores.Stop())
	}
	return errors.Join(errs...)
}

// closeDoors lets requests, messages and schedules under way finish, and kills what takes longer than stopWithin:
// their jobs are in the database, and a platform that ends hard loses no work either.
func (p *Platform) closeDoors() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var ending sync.WaitGroup
	if p.server != nil {
		ending.Go(func() {
			if p.server.Shutdown(ctx) != nil {
				_ = p.server.Close() // the answers that took too long; nothing else can fail here
			}
		})
	} else if p.listener != nil {
		_ = p.listener.Close()
	}
	if p.Sockets != nil {
		ending.Go(p.Sockets.Close)
	}
	if p.Scheduler != nil {
		ending.Go(p.Scheduler.Close)
	}
	if p.Poller != nil {
		ending.Go(p.Poller.Close)
	}
	ended := make(chan struct{})
	go func() {
		ending.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	if p.Host == nil {
		return nil
	}
	err := p.Host.Close()
	<-ended
	return err
}

// serve answers HTTP until Stop.
func (p *Platform) serve(g *gateway.Gateway) {
	p.server = g.Server("")
	go func() {
		if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			p.died <- fmt.Errorf("The API stopped answering: %w", err)
		}
	}()
}
