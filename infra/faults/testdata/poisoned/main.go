// Command poisoned is a job's function that does what its messages say, for the test of what a message can do to a process. It
// is repaired once the file is there that REPAIRED names: each message then has its effect.
package main

import (
	"context"
	"os"
	"strings"

	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// op has the name of a job that is deployed, for only its queue's dead jobs can be redriven. MemoryMB and Timeout are the test's.
var op = job.Op{Name: "job-org-apply-clerk-event", Needs: []need.Need{need.Postgres}}

type work struct {
	Do   string `json:"do"`
	Note string `json:"note"` // stands for what a studio wrote; nothing may repeat it
	N    int    `json:"n"`
}

func main() {
	app := run.Start(op)
	db := postgres.From(app)
	job.Serve(app, job.New(op, func(ctx context.Context, c tenancy.Caller, w work) error {
		if _, err := os.Stat(os.Getenv("REPAIRED")); err != nil {
			poison(w)
		}
		return db.InOrg(ctx, c, func(tx postgres.Tx) error {
			if _, err := tx.Exec(ctx, "insert into effects values ($1)", w.N); err != nil {
				return err
			}
			return queue.Done(ctx, tx)
		})
	}))
}

// poison comes back only from good work: nothing that a handler or its edge could answer to ends the other kinds.
func poison(w work) {
	switch w.Do {
	case "exhaust memory":
		for held := []string{}; ; {
			held = append(held, strings.Repeat(w.Note, 1<<16))
		}
	case "never end":
		select {}
	}
}
