// Command cron-job-relay sends the jobs that nobody sent, and again those that nobody finished.
package main

import (
	"fitkit/shared/cron"
	"fitkit/shared/outbox"
	"fitkit/shared/outbox/outboxcron"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(outboxcron.RelayOp)
	cron.Serve(app, outboxcron.Relay(outbox.NewRelay(postgres.SystemFrom(app), outbox.From(app))))
}
