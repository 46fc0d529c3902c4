// Command fitkit runs FitKit on this machine, and asks and steers the one that runs:
//
//	fitkit dev                    run the whole system in the foreground (PORT, 3001 by default)
//	fitkit reset                  delete its data
//	fitkit urls                   where everything is
//	fitkit token [-role owner]    a session token of the demo studio
//	fitkit endpoints              every endpoint with its function and roles
//	fitkit cron NAME [-slot T]    run a schedule now
//	fitkit logs [-fn F] [-follow] what the functions wrote
//	fitkit trace ID               every line of a correlation id, in the order of time
//
// It works on the checkout that it is started in; make names every command's target.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"fitkit/infra/local/platform"
)

// command is one word of the command line.
type command struct {
	name, usage string
	run         func(ctx context.Context, c checkout, args []string) error
}

var commands = []command{
	{"dev", "run the whole system in the foreground", dev},
	{"reset", "delete its data", reset},
	{"urls", "where everything is", urls},
	{"token", "a session token of the demo studio", token},
	{"endpoints", "every endpoint with its function and roles", endpoints},
	{"cron", "run a schedule now", cron},
	{"logs", "what the functions wrote", showLogs},
	{"trace", "every line of a request and of all the work it caused", trace},
}

// checkout is what the commands work on, and where they write.
type checkout struct {
	root, dir string
	out, err  io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	set := flag.NewFlagSet("fitkit", flag.ContinueOnError)
	set.SetOutput(errOut)
	dir := set.String("dir", "", "folder of data, logs and secrets (default .local/dev of the checkout)")
	set.Usage = func() { usage(errOut) }
	if err := set.Parse(args); err != nil {
		return flag.ErrHelp
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == set.Arg(0) })
	if i < 0 {
		usage(errOut)
		return flag.ErrHelp
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	if *dir == "" {
		*dir = filepath.Join(root, ".local", "dev")
	}
	return commands[i].run(ctx, checkout{root, *dir, out, errOut}, set.Args()[1:])
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: fitkit [-dir folder] command")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.usage)
	}
}

// findRoot is the folder above, or this one, that holds FitKit's go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		text, readErr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if readErr == nil && strings.HasPrefix(string(text), "module fitkit\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("This is no folder of a FitKit checkout.")
		}
	}
	return "", err
}

func reset(_ context.Context, c checkout, _ []string) error {
	if err := platform.Reset(c.dir); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "All local data is gone; make dev starts anew.")
	return nil
}
