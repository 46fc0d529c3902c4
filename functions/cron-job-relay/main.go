// Command cron-job-relay sends the jobs that nobody sent, and again those that nobody finished.
package main

import (
	"fitkit/shared/cron"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/queue/queuecron"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(queuecron.RelayOp)
	cron.Serve(app, queuecron.Relay(queue.NewRelay(postgres.SystemFrom(app), queue.From(app))))
}
