// Package outboxcron is the outbox's schedule.
package outboxcron

import (
	"context"

	"fitkit/shared/cron"
	"fitkit/shared/need"
	"fitkit/shared/queue"
)

// RelayOp declares the schedule that sends what nobody sent or finished.
var RelayOp = cron.Op{
	Name: "cron-job-relay", Summary: "Send jobs that nobody sent, and again those that nobody finished", Schedule: "rate(1 minute)", Needs: needs(),
}

func needs() (n []need.Need) {
	for _, q := range queue.Names {
		n = append(n, need.Send(string(q)))
	}
	return n
}

// Relayer is what Relay needs.
type Relayer interface {
	Run(ctx context.Context) (int64, error)
}

// Relay relays.
func Relay(r Relayer) cron.Handler {
	return cron.New(RelayOp, func(ctx context.Context) (int64, error) { return r.Run(ctx) })
}
