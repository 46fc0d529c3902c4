// Command api-platform-list-queues serves GET /v1/admin/queues: what every queue holds, and what was given up.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/outbox"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.ListQueuesOp)
	api.Serve(app, platformapi.ListQueues(platform.NewOverview(postgres.SystemFrom(app)), outbox.From(app)))
}
