// Command compat deploys a former release and this checkout against each other (T18): each one's code on the other's schema,
// both at once, with messages that one writes and the other reads, and while the schema changes under them. The work is the
// demo's, through HTTP, queues and schedules; it ends well only when the provider's books and ours agree to the agora.
//
//	make deploy-compat BASE=<tag or commit> MEMBERS=20
//
// The former release is built from the history of this clone. Without BASE it is the newest tag release*, or else the commit
// before the last migration; a clone without that history is told so, and nothing is tested.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// dir holds the former release, binaries of both, and each scenario's data.
const dir = ".local/compat"

func main() {
	base := flag.String("base", "", "the former release: a tag or a commit")
	members := flag.Int("members", 20, "how many members the demo's studio has")
	only := flag.String("only", "", "run the scenarios whose names hold this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := compare(ctx, *base, *members, *only); {
	case errors.Is(err, errNoHistory) && *base == "":
		fmt.Println("==> not run:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func compare(ctx context.Context, base string, members int, only string) error {
	former, err := findBase(ctx, base)
	if err != nil {
		return err
	}
	fmt.Println("==> the former release is", former)
	source := filepath.Join(dir, "base")
	if err := unpack(ctx, former.commit, source); err != nil {
		return err
	}
	fmt.Println("==> building both releases (the first time takes some minutes)")
	if err := errors.Join(buildFunctions(ctx, source, "old"), buildFunctions(ctx, ".", "new"), buildDemo(ctx)); err != nil {
		return err
	}
	steps, err := migrationsSince(source)
	if err != nil {
		return err
	}
	fmt.Printf("==> %d migrations lie between them\n", steps)
	var failed []string
	for _, s := range scenarios {
		if !strings.Contains(s.name, only) {
			continue
		}
		fmt.Println("\n==>", s.name)
		old := filepath.Join(source, "migrations")
		if s.exchanged && steps > 1 {
			fmt.Println("    code runs before its last migration, not before all of them: the schema is that of the last but one")
			if old, err = allButTheLast(filepath.Join(dir, "before")); err != nil {
				return err
			}
		}
		err := s.run(ctx, old, members)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			fmt.Println("    FAILED:", err)
			failed = append(failed, s.name)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("these do not work with %s; docs/deploy.md says what a deployment must then do:\n  %s", former, strings.Join(failed, "\n  "))
	}
	fmt.Println("\n==> both releases work on both schemas, alone, together, and while the schema changes")
	return nil
}
