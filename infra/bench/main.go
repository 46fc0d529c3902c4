// Command bench measures FitKit on this machine and holds the figures to their bounds. What is compared is measured in
// turns in the same run, so that a busy machine is busy for both sides; a figure is a median with its spread.
//
//	make bench                                      everything
//	go run ./infra/bench -only read                 one of spawn, read, plan, execute, restore
//	go run ./infra/bench -only execute -short       a tenth of the work, to see that it runs
//
// A missed bound is printed and is no error: the exit code tells only that a measurement could not be made.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// part is a group of figures that are measured together.
type part struct {
	name    string
	measure func(ctx context.Context, s *system) ([]figure, error)
}

var parts = []part{{"spawn", spawnFigures}, {"read", readFigures}, {"plan", planFigures}, {"execute", executeFigures}, {"restore", restoreFigures}}

func main() {
	only := flag.String("only", "", "measure only this part: spawn, read, plan, execute or restore")
	brief := flag.Bool("short", false, "a tenth of the work")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only, *brief); err != nil {
		fmt.Fprintln(os.Stderr, "The bench stopped:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, brief bool) (err error) {
	chosen := slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return only != "" && p.name != only })
	if len(chosen) == 0 {
		return fmt.Errorf("there is no part %q", only)
	}
	s, err := start(ctx, brief)
	if err != nil {
		return err
	}
	defer func() {
		if e := s.stop(); err == nil {
			err = e
		}
	}()
	var all []figure
	for _, p := range chosen {
		say("• %s (go run ./infra/bench -only %s), load %s", p.name, p.name, load())
		began := time.Now()
		figures, err := p.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		all = append(all, figures...)
		say("  done in %.0f s, load %s", time.Since(began).Seconds(), load())
	}
	fmt.Printf("\n%s/%s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	return printTable(os.Stdout, all)
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// load is how many processes wanted a processor in the last minute: with more than there are, absolute figures mean little.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
