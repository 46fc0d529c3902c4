// Command redrive gives a queue's dead jobs another try, so many in a second: what POST /v1/admin/jobs/redrive does, for whoever
// has the database and no sign-in. It works as the system role (SYSTEM_DATABASE_URL, from the environment or .env), or on the
// platform that runs from this folder. The relay sends each job within a minute of its turn.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/platform"
	"fitkit/infra/tools/dotenv"
	of "fitkit/shared/platform"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
)

func main() {
	name := flag.String("queue", "", "the queue, for example org-apply-clerk-event")
	most := flag.Int("max", 100, "at most so many jobs, those that died first before the others")
	rate := flag.Int("rate", 10, "so many in a second")
	flag.Parse()
	address, err := database()
	if err == nil {
		err = redrive(context.Background(), os.Stdout, address, of.Redrive{Queue: queue.Name(*name), Max: *most, PerSecond: *rate})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// database is the one that is named, else the running platform's.
func database() (string, error) {
	file, err := dotenv.Read(".env")
	if err != nil {
		return "", err
	}
	if address := cmp.Or(os.Getenv("SYSTEM_DATABASE_URL"), file["SYSTEM_DATABASE_URL"]); address != "" {
		return address, nil
	}
	running, err := platform.Running(".local/dev")
	if err != nil {
		return "", errors.New("Set SYSTEM_DATABASE_URL to the database whose jobs died, or start FitKit with make dev.")
	}
	return running.System, nil
}

// redrive says what it did in a sentence.
func redrive(ctx context.Context, out io.Writer, address string, r of.Redrive) error {
	switch {
	case r.Queue == "":
		return fmt.Errorf("Say which: make redrive QUEUE=… MAX=100 RATE=10. Queues are %s.", queue.Names)
	case r.Max < 1 || r.PerSecond < 1:
		return errors.New("MAX and RATE are at least 1.")
	}
	db, err := postgres.OpenSystem(postgres.Config{URL: address, MaxConns: 1, ExecMode: pgx.QueryExecModeExec, Application: "redrive"})
	if err != nil {
		return err
	}
	defer db.Close()
	done, err := of.NewOverview(db).Redrive(ctx, r)
	switch {
	case errors.Is(err, of.ErrUnknownQueue):
		return fmt.Errorf("There is no queue %s. Queues are %s.", r.Queue, queue.Names)
	case err != nil:
		return err
	case done.Jobs == 0:
		fmt.Fprintf(out, "No job of %s is dead.\n", r.Queue)
		return nil
	}
	fmt.Fprintf(out, "%d jobs of %s are ready again, the last one due at %s; %d stay dead.\n",
		done.Jobs, r.Queue, done.LastDue.UTC().Format(time.TimeOnly), done.Left)
	return nil
}
