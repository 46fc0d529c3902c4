// Command release does what stands around sam deploy: it reads a stage's settings from the parameter store and says in one
// sentence each what is wrong before anything is changed.
//
//	release -stage staging diff                      what the parameter store has and .env.example does not, and what a stage needs and it lacks
//	release -stage staging check                     everything that would stop the deployment, or a function's start
//	release -stage staging parameters -out FILE      the template's parameters, for sam deploy --parameter-overrides file://FILE
//	release -stage staging exec -- COMMAND ARGS…     a command with the stage's settings in its environment
//	release -stage staging outcome STEP              what a deployment that failed at its migration, keys or deployment left behind
//
// Settings are parameters named /fitkit/<stage>/<domain>/<VARIABLE>. A preview's environment wins over them. Of what functions read
// from the store themselves, all secrets, the template is given the name and never the value.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	stage := flag.String("stage", "", "preview, staging or production")
	root := flag.String("root", ".", "the repository's folder")
	flag.Parse()
	r := &Release{AWS: awsCLI, Getenv: os.Getenv, Root: *root, Out: os.Stdout, Wait: func() { time.Sleep(3 * time.Second) }}
	if err := r.run(context.Background(), *stage, flag.Args()); err != nil {
		var exited *exec.ExitError
		if errors.As(err, &exited) {
			os.Exit(exited.ExitCode())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (r *Release) run(ctx context.Context, stage string, args []string) error {
	if err := r.choose(stage); err != nil {
		return err
	}
	command := "check"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "diff":
		return r.Diff(ctx)
	case "check":
		return r.Check(ctx)
	case "parameters":
		flags := flag.NewFlagSet("parameters", flag.ContinueOnError)
		out := flags.String("out", "", "the file to write, ending in .yaml")
		if err := flags.Parse(args); err != nil {
			return err
		}
		return r.Write(ctx, *out)
	case "exec":
		return r.Exec(ctx, args)
	case "outcome":
		return r.Outcome(ctx, strings.Join(args, " "))
	}
	return fmt.Errorf("release knows diff, check, parameters, exec and outcome, not %q", command)
}
