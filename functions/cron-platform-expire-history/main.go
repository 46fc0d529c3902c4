// Command cron-platform-expire-history removes jobs, schedules' slots and posted messages that have been over for 90 days.
package main

import (
	"fitkit/shared/cron"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformcron"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformcron.ExpireHistoryOp)
	cron.Serve(app, platformcron.ExpireHistory(platform.NewHistory(postgres.SystemFrom(app))))
}
