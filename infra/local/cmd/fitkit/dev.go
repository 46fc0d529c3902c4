package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/seed"
	"fitkit/infra/tools/dotenv"
)

const (
	defaultPort = 3001
	demoMembers = 200
)

// dev runs the platform until the context ends or a part of it dies.
func dev(ctx context.Context, c checkout, args []string) error {
	set := flag.NewFlagSet("dev", flag.ContinueOnError)
	set.SetOutput(c.err)
	members := set.Int("members", demoMembers, "members of the demo studio; 0 for no demo studio")
	if err := set.Parse(args); err != nil {
		return flag.ErrHelp
	}
	port, err := portOf(os.Getenv("PORT"), filepath.Join(c.root, ".env"))
	if err != nil {
		return err
	}
	began := time.Now()
	ctx, cancel := withParent(ctx)
	defer cancel()
	logs, err := openLogs(c)
	if err != nil {
		return err
	}
	defer logs.close()
	p, err := platform.Start(ctx, platform.Options{
		Root: c.root, Dir: c.dir, Port: port, DotEnv: filepath.Join(c.root, ".env"),
		Progress: func(line string) { fmt.Fprintln(c.out, line) }, Log: logs.add,
	})
	if ctx.Err() != nil {
		return stopped(c, p)
	}
	if err != nil {
		return err
	}
	return attend(ctx, c, p, *members, began)
}

// portOf is PORT of the environment, else of .env, else 3001.
func portOf(text, dotEnv string) (int, error) {
	if text == "" {
		vars, err := dotenv.Read(dotEnv)
		if err != nil {
			return 0, err
		}
		text = vars["PORT"]
	}
	if text == "" {
		return defaultPort, nil
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return 0, errors.New("PORT must be a number from 1 to 65535, or 0 for any free port.")
	}
	return port, nil
}

// attend fills the demo studio and waits for the end.
func attend(ctx context.Context, c checkout, p *platform.Platform, members int, began time.Time) error {
	seeded := make(chan struct{})
	filling, stopFilling := context.WithCancel(ctx)
	go func() {
		defer close(seeded)
		fill(filling, c, p, members)
		if filling.Err() == nil {
			fmt.Fprintf(c.out, "\nFitKit runs (ready in %.1f s). Ctrl-C ends it.\n%s", time.Since(began).Seconds(), describe(p.Addresses))
		}
	}()
	var died error
	select {
	case died = <-p.Died():
	case <-ctx.Done():
	}
	stopFilling()
	<-seeded
	if died != nil {
		return errors.Join(died, p.Stop(), errors.New("FitKit has stopped. make dev starts it again."))
	}
	return stopped(c, p)
}

// fill seeds the demo studio. What goes wrong is said and no reason to stop: the rest of FitKit runs.
func fill(ctx context.Context, c checkout, p *platform.Platform, members int) {
	if members == 0 || p.Addresses.Clerk == "" {
		return
	}
	t := p.Secrets.Cardcom
	_, err := seed.Run(ctx, seed.Options{
		API: p.Addresses.API, Clerk: p.Addresses.Clerk, Cardcom: p.Addresses.Cardcom,
		Terminal:  seed.Terminal{Number: t.Number, Name: t.APIName, APIPassword: t.APIPassword},
		Functions: p.Host.Functions(), Size: members, File: filepath.Join(c.dir, seed.FileName),
		SignInMember: p.SignInMember, Progress: func(line string) { fmt.Fprintln(c.out, line) },
	})
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(c.out, "%v\nThe next start goes on from there; make dev-reset starts anew.\n", err)
	}
}

// stopped ends a platform that was asked to end. It may be nil: the request came before it was up.
func stopped(c checkout, p *platform.Platform) error {
	fmt.Fprintln(c.out, "\nFitKit stops.")
	if p == nil {
		return nil
	}
	return p.Stop()
}

// describe lists where things are and what to try.
func describe(a platform.Addresses) string {
	var b strings.Builder
	line := func(what, where string) {
		if where != "" {
			fmt.Fprintf(&b, "  %-20s %s\n", what, where)
		}
	}
	line("API", a.API)
	line("console", a.API+"/_dev")
	line("functions, queues", a.API+"/_local/functions  /_local/queues  /_local/crons  /_local/logs")
	if a.Clerk != "" {
		line("sign in", a.Clerk+"/sign-in")
	}
	if a.Cardcom != "" {
		line("Cardcom's cards", a.Cardcom+"/_sandbox/cards")
		line("Cardcom's ledger", a.Cardcom+"/_sandbox/ledger")
	}
	line("Postgres", a.Database)
	line("Redis", a.Redis)
	line("SQS", a.SQS)
	line("S3", a.S3)
	if a.Clerk != "" {
		line("try", "curl -H \"Authorization: Bearer $(make -s token ROLE=owner)\" "+a.API+"/v1/me")
	}
	line("", "make token · make endpoints · make cron NAME=billing-plan-charges")
	return b.String()
}
