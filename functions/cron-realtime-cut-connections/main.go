// Command cron-realtime-cut-connections ends WebSockets that have no right to go on.
package main

import (
	"fitkit/shared/cron"
	"fitkit/shared/management"
	"fitkit/shared/postgres"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimecron"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(realtimecron.CutOp)
	cron.Serve(app, realtimecron.Cut(realtime.NewCutter(postgres.SystemFrom(app), management.From(app))))
}
