// Command stores runs a command with PostgreSQL, Redis, SQS and S3 beside it:
//
//	stores [-dir .local/test] [-keep] [-fast] -- go test ./...
//
// The command finds them in TEST_DATABASE_ADMIN_URL, TEST_REDIS_URL,
// TEST_SQS_ENDPOINT_URL, and TEST_S3_ENDPOINT_URL with its keys. A store whose variable is set already is used and not started.
// Signals are passed on to the command, and its exit code is ours. Without a command the
// stores run until Ctrl-C. The stores start empty each time, unless -keep.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"fitkit/infra/local/stores"
)

// The variables in which the tests find the stores.
const (
	databaseVar = "TEST_DATABASE_ADMIN_URL"
	redisVar    = "TEST_REDIS_URL"
	sqsVar      = "TEST_SQS_ENDPOINT_URL"
	s3Var       = "TEST_S3_ENDPOINT_URL"
	s3KeyVar    = "TEST_S3_ACCESS_KEY_ID"
	s3SecretVar = "TEST_S3_SECRET_ACCESS_KEY"
)

func main() {
	dir := flag.String("dir", ".local/test", "folder for the stores' data and logs")
	keep := flag.Bool("keep", false, "keep the data for the next run")
	fast := flag.Bool("fast", false, "no durability in PostgreSQL, for tests that do not need it")
	flag.Parse()

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code, err := run(*dir, *keep, *fast, flag.Args(), signals)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// run gives the exit code, and an error when it is not the command's own.
func run(dir string, keep, fast bool, command []string, signals <-chan os.Signal) (int, error) {
	if !keep {
		if err := stores.Wipe(dir); err != nil {
			return 1, err
		}
	}
	s, err := start(stores.Options{
		Dir: dir, Fast: fast, Progress: progress,
		AdminURL: os.Getenv(databaseVar), RedisURL: os.Getenv(redisVar), SQSEndpoint: os.Getenv(sqsVar), S3Endpoint: os.Getenv(s3Var),
	}, signals)
	if err != nil {
		return 1, err
	}
	code, err := serve(s, command, signals)
	if stopErr := s.Stop(); err == nil && stopErr != nil {
		return 1, stopErr
	}
	if !keep {
		if wipeErr := stores.Wipe(dir); err == nil && wipeErr != nil {
			return 1, wipeErr
		}
	}
	return code, err
}

// start gives up at the first signal.
func start(o stores.Options, signals <-chan os.Signal) (*stores.Stores, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go func() {
		select {
		case sig := <-signals:
			cancel(fmt.Errorf("stopped by signal: %v", sig))
		case <-ctx.Done():
		}
	}()
	s, err := stores.Start(ctx, o)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s, err
}

// progress goes to stderr: stdout is the command's.
func progress(line string) { fmt.Fprintln(os.Stderr, line) }
