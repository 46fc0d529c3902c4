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
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// settings is what the environment asks for.
type settings struct {
	members, months int
	faults          faults
	seed            uint64
	release         release
}

// release is another one than this checkout's, or a part of one: deploy-compat runs releases against each other's schemas.
type release struct {
	dir        string // data and logs
	binaries   string // <function>/bootstrap
	migrations string // a folder of migrations that the database is made from
	migrate    bool   // and brought from there to this checkout's schema while the first month is lived
	then       string // <function>/bootstrap of the months after the first
}

func (r release) other() bool { return r.binaries != "" || r.migrations != "" }

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
	flag.StringVar(&s.release.dir, "dir", filepath.Join(".local", "demo"), "data and logs of a platform of the demo's own")
	flag.StringVar(&s.release.binaries, "binaries", "", "a folder of <function>/bootstrap to run instead of this checkout's functions")
	flag.StringVar(&s.release.migrations, "migrations", "", "a folder of migrations to make the database from instead of this checkout's")
	flag.BoolVar(&s.release.migrate, "migrate", false, "bring the database to this checkout's schema while the first month is lived")
	flag.StringVar(&s.release.then, "then", "", "a folder of <function>/bootstrap that the platform goes on with after the first month")
	flag.Parse()
	return s
}

// What a demo can have: people repeat from ten million on, and the longest term that it sells is over after a year.
const (
	maxMembers = 9_999_999
	maxMonths  = 12
)

// check refuses a demo that would prove nothing, or could not.
func (s settings) check() error {
	switch {
	case s.members < 1 || s.members > maxMembers:
		return fmt.Errorf("MEMBERS is a number from 1 to %d, and not %d", maxMembers, s.members)
	case s.months < 1 || s.months > maxMonths:
		return fmt.Errorf("MONTHS is a number from 1 to %d, and not %d", maxMonths, s.months)
	}
	return nil
}

func run(ctx context.Context, s settings) (err error) {
	if err := s.check(); err != nil {
		return err
	}
	say("%d members, %d months, faults: %s, -seed %d", s.members, s.months, &s.faults, s.seed)
	sys, err := findSystem(ctx, s)
	if err != nil {
		return err
	}
	defer sys.stop()
	restore, err := unruly(ctx, sys.Cardcom, s.seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
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
