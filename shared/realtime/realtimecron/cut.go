// Package realtimecron is the schedule of WebSockets.
package realtimecron

import (
	"context"

	"fitkit/shared/cron"
	"fitkit/shared/need"
)

// CutOp declares the schedule that ends connections. With a run every two minutes whoever has lost their rights is cut off
// within five.
var CutOp = cron.Op{
	Name: "cron-realtime-cut-connections", Summary: "End connections whose person has lost the right, or that are silent for 15 minutes",
	Schedule: "rate(2 minutes)", Needs: []need.Need{need.Connections},
}

// Cutter is what Cut needs.
type Cutter interface {
	Cut(ctx context.Context) (int64, error)
}

// Cut ends what is over. A second run finds nothing.
func Cut(c Cutter) cron.Handler {
	return cron.New(CutOp, func(ctx context.Context) (int64, error) { return c.Cut(ctx) })
}
