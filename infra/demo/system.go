package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/platform"
)

const devDir = ".local/dev"

// system finds the platform that runs from this folder, or starts one for the demo. A run with faults always has its
// own: its binaries carry the crash points, which no other build has.
func system(ctx context.Context, s settings) (platform.Addresses, func(), error) {
	if !s.faults {
		if a, err := platform.Running(devDir); err == nil {
			say("using the platform that runs at %s", a.API)
			return a, func() {}, nil
		} else if !errors.Is(err, platform.ErrNotRunning) {
			return platform.Addresses{}, nil, err
		}
	}
	opt := platform.Options{Root: ".", Dir: filepath.Join(".local", "demo"), Port: 0, Progress: func(line string) { say("  %s", line) }}
	if s.faults {
		opt.Dir = filepath.Join(".local", "demo-faults")
		withFaults(&opt)
	}
	keep, err := logFile(&opt)
	if err != nil {
		return platform.Addresses{}, nil, err
	}
	p, err := platform.Start(ctx, opt)
	if err != nil {
		return platform.Addresses{}, nil, err
	}
	return p.Addresses, func() {
		defer keep.Close()
		if err := p.Stop(); err != nil {
			fmt.Println("stopping the platform:", err)
		}
	}, nil
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
	crashOneIn      = "150" // of the visits to a crash point
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
