// Package platformcron is the schedules of the platform itself.
package platformcron

import (
	"context"
	"time"

	"fitkit/shared/cron"
)

// ExpireHistoryOp declares the schedule that removes what has long been over.
var ExpireHistoryOp = cron.Op{
	Name: "cron-platform-expire-history", Summary: "Remove jobs, schedules' slots and posted messages that have been over for 90 days",
	Schedule: "cron(50 3 * * ? *)", Timeout: 5 * time.Minute,
}

// Expirer is what ExpireHistory needs.
type Expirer interface {
	Expire(ctx context.Context) (int64, error)
}

// ExpireHistory removes what is over. A second run finds nothing.
func ExpireHistory(x Expirer) cron.Handler {
	return cron.New(ExpireHistoryOp, func(ctx context.Context) (int64, error) { return x.Expire(ctx) })
}
