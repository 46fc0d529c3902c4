// Command demo proves the system's main job, through HTTP only: a studio's members are charged every month through its
// own terminal, declines are retried, nobody is charged twice. It ends with a table and a proof, and with exit code 1
// when the proof fails.
//
//	make demo MEMBERS=1000 MONTHS=3           on the running platform, or on one of its own
//	make demo FAULTS=1                        the same while function processes are killed
//	make demo FAULTS=all                      and while the stores and the whole platform go and come back
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings is what the environment asks for.
type settings struct {
	members, months int
	faults          faults
	seed            uint64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, read()); err != nil {
		fmt.Fprintln(os.Stderr, "\nThe demo stopped:", err)
		stop()
		os.Exit(1)
	}
}

func read() (s settings) {
	flag.IntVar(&s.members, "members", 1000, "how many members the studio has")
	flag.IntVar(&s.months, "months", 3, "how many months they are charged for")
	flag.Var(&s.faults, "faults", "1: kill function processes with -9 while it runs; all: also restart stores and the platform, and deliver messages twice")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()%1_000_000), "repeats a run's choices")
	flag.Parse()
	return s
}

func run(ctx context.Context, s settings) error {
	say("%d members, %d months, faults: %s, -seed %d", s.members, s.months, &s.faults, s.seed)
	sys, err := findSystem(ctx, s)
	if err != nil {
		return err
	}
	defer sys.stop()
	d := &demo{settings: s, system: sys, at: sys.Addresses, random: rand.New(rand.NewPCG(s.seed, 0))}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"open a studio with a test clock and its own terminal", d.openStudio},
		{"publish plans", d.publishPlans},
		{"create members", d.createMembers},
		{"save cards on the provider's page", d.saveCards},
		{"sell memberships", d.sell},
		{"live through the months", d.liveMonths},
		{"prove it", d.prove},
	} {
		began := time.Now()
		say("• %s", part.name)
		if err := part.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		say("  done in %.1f s", time.Since(began).Seconds())
	}
	return nil
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
