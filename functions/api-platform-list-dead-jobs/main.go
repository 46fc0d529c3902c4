// Command api-platform-list-dead-jobs serves GET /v1/admin/jobs/dead: the jobs that were given up, and why.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.ListDeadJobsOp)
	api.Serve(app, platformapi.ListDeadJobs(platform.NewOverview(postgres.SystemFrom(app))))
}
