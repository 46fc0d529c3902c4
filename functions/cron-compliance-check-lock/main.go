// Command cron-compliance-check-lock proves every day that signed documents cannot be deleted.
package main

import (
	"fitkit/shared/blob/blobcron"
	"fitkit/shared/blob/documents"
	"fitkit/shared/cron"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(blobcron.CheckLockOp)
	cron.Serve(app, blobcron.CheckLock(documents.LockFrom(app)))
}
