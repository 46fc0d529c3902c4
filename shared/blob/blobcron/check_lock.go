// Package blobcron is the schedule of the file stores.
package blobcron

import (
	"context"
	"errors"

	"fitkit/shared/blob/documents"
	"fitkit/shared/cron"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/run"
)

// CheckLockOp declares the daily proof that signed documents cannot be deleted.
var CheckLockOp = cron.Op{
	Name: "cron-compliance-check-lock", Summary: "Prove that signed documents cannot be deleted: read the bucket's lock and try it on a sample",
	Schedule: "cron(40 4 * * ? *)", Needs: []need.Need{need.ComplianceBlob, need.ComplianceLock}, MemoryMB: 256,
	Alarms: []run.Alarm{{Metric: notInForce, Above: 0, Runbook: "lock-not-in-force", Says: "Signed documents could be deleted before their time."}},
}

// notInForce is 1 when the lock was found broken and 0 when it was proved.
const notInForce = "LockNotInForce"

// LockChecker is what CheckLock needs.
type LockChecker interface {
	CheckLock(ctx context.Context) error
}

// CheckLock checks the lock. A store that does not answer proves nothing either way: the run fails and is tried again, and
// the dead-man's switch rings when none succeeds.
func CheckLock(store LockChecker) cron.Handler {
	return cron.New(CheckLockOp, func(ctx context.Context) (int64, error) {
		err := store.CheckLock(ctx)
		switch {
		case err == nil:
			obs.Count(CheckLockOp.Name, notInForce, 0)
		case errors.Is(err, documents.ErrNotLocked):
			obs.Count(CheckLockOp.Name, notInForce, 1)
		}
		return 1, err
	})
}
