// Command load drives a stated mix of requests at a steady rate against the platform that runs from this folder, or one
// of its own. Requests begin on time whatever the answers do, as people's do, and each is timed from the moment it was
// due: a system that stalls cannot hide it by being asked less.
//
//	make load RATE=40 MINUTES=10
//
// It prints the rate that was held and each kind's p50, p95 and p99, and ends with exit code 1 when anything was answered
// with an error or the rate was not held.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"fitkit/infra/local/platform"
)

const devDir = ".local/dev"

func main() {
	rate := flag.Int("rate", 25, "requests a second")
	minutes := flag.Float64("minutes", 10, "how long")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *rate, time.Duration(*minutes*float64(time.Minute))); err != nil {
		fmt.Fprintln(os.Stderr, "\nThe load run failed:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, rate int, during time.Duration) (err error) {
	if rate < 1 || during <= 0 {
		return errors.New("RATE is a whole number of requests a second, MINUTES is more than 0")
	}
	at, end, err := system(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	fmt.Println("• a studio with members and charges")
	s, err := newStudio(ctx, at)
	if err != nil {
		return err
	}
	fmt.Printf("• %d requests a second for %s\n", rate, during)
	result := drive(ctx, s, rate, during)
	if ctx.Err() != nil {
		return errors.New("it was interrupted")
	}
	result.print(os.Stdout)
	return result.verdict()
}

// system finds the platform that runs from this folder, or starts one.
func system(ctx context.Context) (platform.Addresses, func() error, error) {
	a, err := platform.Running(devDir)
	if err == nil {
		fmt.Println("using the platform that runs at", a.API)
		return a, func() error { return nil }, nil
	}
	if !errors.Is(err, platform.ErrNotRunning) {
		return a, nil, err
	}
	p, err := platform.Start(ctx, platform.Options{Root: ".", Dir: filepath.Join(".local", "load"),
		Progress: func(line string) { fmt.Println("  " + line) }})
	if err != nil {
		return a, nil, err
	}
	return p.Addresses, p.Stop, nil
}
