package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/host"
	"fitkit/infra/local/platform"
	"fitkit/infra/local/template"
)

const (
	benchDir = ".local/bench/data"
	buildDir = ".local/bench/build"
	binDir   = ".local/bench/bin"
)

// system is the platform that make dev runs, with its data in a folder of its own and without what works by itself:
// the benchmark invokes, receives and schedules on its own.
type system struct {
	*platform.Platform
	admin *pgx.Conn // the superuser, in FitKit's database
	brief bool
}

func start(ctx context.Context, brief bool) (*system, error) {
	if err := build(ctx); err != nil {
		return nil, err
	}
	if err := platform.Reset(benchDir); err != nil {
		return nil, err
	}
	p, err := platform.Start(ctx, platform.Options{Root: ".", Dir: benchDir, Variables: map[string]string{"CRONS_ENABLED": "false"},
		Progress: func(line string) { say("  %s", line) }})
	if err != nil {
		return nil, err
	}
	p.Scheduler.Close()
	p.Poller.Close()
	s := &system{Platform: p, brief: brief}
	u, err := url.Parse(p.Stores.AdminURL)
	if err == nil {
		u.Path = "/fitkit"
		s.admin, err = pgx.Connect(ctx, u.String())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect as the superuser: %w", err), p.Stop())
	}
	return s, nil
}

func (s *system) stop() error {
	return errors.Join(s.admin.Close(context.Background()), s.Stop())
}

// times is n, or a tenth of it in a short run.
func (s *system) times(n int) int {
	if s.brief {
		return n / 10
	}
	return n
}

// build makes every function with the flags of a deployment, and the two that they are compared with.
func build(ctx context.Context) error {
	if err := os.MkdirAll(buildDir, 0o755); err != nil {
		return err
	}
	say("• building")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc,timetzdata", "-trimpath", "-ldflags", "-s -w",
		"-o", buildDir+string(filepath.Separator), "./functions/...", "./infra/bench/hello", "./infra/bench/rawread")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	return lay()
}

// lay writes each binary to where Lambda wants it, <function>/bootstrap, as a package is unpacked. Linked files will not do: the linker
// leaves them in the page cache in pieces that differ from file to file, and the same function started a fifth slower or quicker.
func lay() error {
	built, err := os.ReadDir(buildDir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(binDir); err != nil {
		return err
	}
	for _, file := range built {
		folder := filepath.Join(binDir, file.Name())
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		content, err := os.ReadFile(filepath.Join(buildDir, file.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "bootstrap"), content, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// function is a function of the templates, to be run from the benchmark's own build.
func (s *system) function(name string) (template.Function, error) {
	f, ok := s.Template.Function(name)
	if !ok {
		return f, fmt.Errorf("no template has the function %s", name)
	}
	return built(f), nil
}

func built(f template.Function) template.Function {
	f.CodeDir, _ = filepath.Abs(filepath.Join(binDir, f.Name)) // fails only when there is no working directory
	return f
}

// newHost runs functions as they are built, without looking for changes of their sources.
func newHost(functions ...template.Function) (*host.Host, error) {
	return host.New(host.Options{Functions: functions, TempDir: os.TempDir()})
}
