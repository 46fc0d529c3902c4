// Package uploadcron is the schedule of uploads.
package uploadcron

import (
	"context"
	"time"

	"fitkit/shared/cron"
	"fitkit/shared/need"
)

// ExpireOp declares the schedule that removes uploads nobody completed.
var ExpireOp = cron.Op{
	Name: "cron-org-expire-uploads", Summary: "Remove uploads that nobody completed, and what was sent for them",
	Schedule: "rate(1 hour)", Needs: []need.Need{need.Postgres, need.Blob}, MemoryMB: 256, Timeout: 5 * time.Minute,
}

// Expirer is what Expire needs.
type Expirer interface {
	Expire(ctx context.Context) (int64, error)
}

// Expire removes what is over. A second run finds nothing.
func Expire(x Expirer) cron.Handler {
	return cron.New(ExpireOp, func(ctx context.Context) (int64, error) { return x.Expire(ctx) })
}
