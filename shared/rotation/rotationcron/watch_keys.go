// Package rotationcron is the schedule of the encryption keys.
package rotationcron

import (
	"context"

	"fitkit/shared/cron"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/rotation"
	"fitkit/shared/run"
)

// The gauges: how many values the busiest key has sealed, and how many values open under no key that is deployed.
const (
	sealedUnderOneKey = "SealedUnderOneKey"
	sealedUnderNoKey  = "SealedUnderNoKey"
)

// WatchKeysOp declares the daily count of what each key has sealed.
var WatchKeysOp = cron.Op{
	Name: "cron-platform-watch-keys", Summary: "Count what each encryption key has sealed, long before a key has sealed too much",
	Schedule: "cron(20 3 * * ? *)", Needs: []need.Need{need.PaymentKeys, need.NationalIDKeys}, MemoryMB: 256,
	Alarms: []run.Alarm{
		{Metric: sealedUnderOneKey, Above: rotation.NearLimit - 1, Runbook: "key-rotation", Says: "A key has sealed a quarter of what is safe. Replace it."},
		{Metric: sealedUnderNoKey, Above: 0, Runbook: "key-rotation", Says: "Values need a key that is not deployed. Put it back."},
	},
}

// Counter is what WatchKeys needs.
type Counter interface {
	Usage(ctx context.Context) ([]rotation.Use, error)
}

// WatchKeys publishes both counts. It answers with how many values there are.
func WatchKeys(c Counter) cron.Handler {
	return cron.New(WatchKeysOp, func(ctx context.Context) (int64, error) {
		uses, err := c.Usage(ctx)
		if err != nil {
			return 0, err
		}
		total, most, lost := rotation.Sums(uses)
		obs.Count(WatchKeysOp.Name, sealedUnderOneKey, float64(most))
		obs.Count(WatchKeysOp.Name, sealedUnderNoKey, float64(lost))
		return total, nil
	})
}
