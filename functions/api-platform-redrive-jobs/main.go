// Command api-platform-redrive-jobs serves POST /v1/admin/jobs/redrive: give dead jobs another try.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/outbox"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.RedriveJobsOp)
	api.Serve(app, platformapi.RedriveJobs(platform.NewOverview(outbox.System(app))))
}
