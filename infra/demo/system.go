package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/platform"
)

const devDir = ".local/dev"

// system is the platform that the demo runs on.
type system struct {
	platform.Addresses
	own *platform.Platform // nil when it ran before
	opt platform.Options
	log *os.File
}

// findSystem finds the platform that runs from this folder, or starts one for the demo. A run with faults always has its
// own: its binaries carry the crash points, which no other build has. So has a run of another release.
func findSystem(ctx context.Context, s settings) (*system, error) {
	if !s.faults.any() && !s.release.other() {
		if a, err := platform.Running(devDir); err == nil {
			say("using the platform that runs at %s", a.API)
			return &system{Addresses: a}, nil
		} else if !errors.Is(err, platform.ErrNotRunning) {
			return nil, err
		}
	}
	sys := &system{opt: platform.Options{Root: ".", Dir: s.release.dir, Binaries: s.release.binaries, Progress: func(line string) { say("  %s", line) }}}
	if s.release.migrations != "" {
		sys.opt.Migrations = os.DirFS(s.release.migrations)
	}
	if s.release.migrate { // who waits for a table behind the migration may fail, and has its message back soon
		sys.opt.CrashVisibility, sys.opt.MaxTimeout = faultVisibility, faultTimeout
	}
	if s.faults.any() {
		sys.opt.Dir = filepath.Join(".local", "demo-faults")
		withFaults(&sys.opt)
	}
	var err error
	if sys.log, err = logFile(&sys.opt); err != nil {
		return nil, err
	}
	return sys, sys.start(ctx)
}

func (s *system) start(ctx context.Context) (err error) {
	if s.own, err = platform.Start(ctx, s.opt); err != nil {
		return errors.Join(err, s.log.Close())
	}
	s.Addresses = s.own.Addresses
	return nil
}

// restart ends the whole platform and starts it where it was.
func (s *system) restart(ctx context.Context) error {
	api, err := url.Parse(s.API)
	if err != nil {
		return err
	}
	if s.opt.Port, err = strconv.Atoi(api.Port()); err != nil {
		return err
	}
	if err := s.own.Stop(); err != nil {
		return err
	}
	before := s.Addresses
	if err := s.start(ctx); err != nil {
		return err
	}
	if s.Clerk != before.Clerk || s.Cardcom != before.Cardcom {
		return fmt.Errorf("a sandbox's port was taken meanwhile: %s and %s are now %s and %s", before.Clerk, before.Cardcom, s.Clerk, s.Cardcom)
	}
	return nil
}

// goOn ends the platform and starts it with another release's code, on the schema that is there.
func (s *system) goOn(ctx context.Context, binaries string) error {
	say("  the functions are those of %s now", binaries)
	s.opt.Binaries, s.opt.Migrations = binaries, nil
	return s.restart(ctx)
}

// has says whether the release that runs has a function; this checkout has all that the demo names.
func (s *system) has(function string) bool {
	if s.opt.Binaries == "" {
		return true
	}
	_, err := os.Stat(filepath.Join(s.opt.Binaries, function, "bootstrap"))
	return err == nil
}

// stop ends what the demo started.
func (s *system) stop() {
	if s.own == nil {
		return
	}
	if err := errors.Join(s.own.Stop(), s.log.Close()); err != nil {
		fmt.Println("stopping the platform:", err)
	}
}

// logFile keeps what the functions write, for whoever looks into a proof that failed.
func logFile(opt *platform.Options) (*os.File, error) {
	if err := os.MkdirAll(opt.Dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(opt.Dir, "functions.log"))
	if err != nil {
		return nil, err
	}
	say("  the functions' log is %s", f.Name())
	opt.Log = func(l host.LogLine) { fmt.Fprintf(f, "%s %s\n", l.Function, l.Line) }
	return f, nil
}

// How a run with faults differs. Leases follow the function's time limit, so a short one lets the work of a killed
// process be found again in seconds; AWS waits for the queue's visibility in the same way, only longer.
const (
	faultTimeout    = 8 * time.Second
	faultVisibility = 10 * time.Second
	// crashOneIn is of the visits to a crash point. A look-up that reads the provider's list of some thousand transactions
	// passes about fifty; one in 150 killed each fourth, and of hundreds some at all five receives, which then wait half an
	// hour for the relay.
	crashOneIn = "600"
)

func withFaults(opt *platform.Options) {
	opt.Tags = []string{"fitkit_testhooks"}
	opt.CrashVisibility = faultVisibility
	opt.MaxTimeout = faultTimeout
	opt.FunctionEnv = map[string]map[string]string{}
	for _, f := range []string{"job-billing-execute-charge", "job-billing-resolve-unknown", "job-billing-process-inbox-event", "job-billing-run-dunning-step"} {
		opt.FunctionEnv[f] = map[string]string{"CRASH_AT": "any", "CRASH_ONE_IN": crashOneIn}
	}
}
