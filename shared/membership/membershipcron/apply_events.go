// Package membershipcron is the schedule of memberships.
package membershipcron

import (
	"context"
	"time"

	"fitkit/shared/cron"
	"fitkit/shared/need"
)

// ApplyEventsOp declares the schedule that ends memberships.
var ApplyEventsOp = cron.Op{
	Name: "cron-membership-apply-events", Summary: "End the memberships whose term, validity, entries or notice have run out",
	Schedule: "cron(0/15 * * * ? *)", Needs: []need.Need{need.Postgres}, Timeout: 5 * time.Minute,
}

// Ender is what ApplyEvents needs.
type Ender interface {
	End(ctx context.Context) (int64, error)
}

// ApplyEvents ends what is over by each studio's calendar. A second run finds nothing.
func ApplyEvents(x Ender) cron.Handler {
	return cron.New(ApplyEventsOp, func(ctx context.Context) (int64, error) { return x.End(ctx) })
}
