// Package outboxcron is the outbox's schedule.
package outboxcron

import (
	"context"
	"errors"
	"time"

	"fitkit/shared/cron"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/outbox"
	"fitkit/shared/queue"
	"fitkit/shared/run"
)

// RelayOp declares the schedule that sends what nobody sent or finished.
var RelayOp = cron.Op{
	Name: "cron-job-relay", Summary: "Send jobs that nobody sent, and again those that nobody finished", Schedule: "rate(1 minute)", Needs: needs(),
	Alarms: []run.Alarm{
		{Metric: outbox.JobDead, Above: 0, Runbook: "dead-letters", Says: "A job was sent again and again, nobody finished it, and it was given up."},
		{Metric: lag, Above: int(maxLag.Seconds()), Runbook: "queue-waits", Says: "Work is written down and reaches no queue."},
	},
}

const (
	// lag is the gauge of how long the oldest job is due and in no queue.
	lag = "OutboxLagSeconds"
	// maxLag is several runs of the schedule.
	maxLag = 5 * time.Minute
)

func needs() (n []need.Need) {
	for _, q := range queue.Names {
		n = append(n, need.Send(string(q)))
	}
	return n
}

// Relayer is what Relay needs.
type Relayer interface {
	Run(ctx context.Context) (int64, error)
	OldestUnsent(ctx context.Context) (time.Duration, error)
}

// Relay relays, and says how long the oldest job still waits to be sent, which an alarm watches.
func Relay(r Relayer) cron.Handler {
	return cron.New(RelayOp, func(ctx context.Context) (int64, error) {
		n, err := r.Run(ctx)
		age, e2 := r.OldestUnsent(ctx)
		if e2 == nil {
			obs.Count(RelayOp.Name, lag, age.Seconds())
		}
		return n, errors.Join(err, e2)
	})
}
