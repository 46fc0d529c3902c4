// Command api-platform-list-crons serves GET /v1/admin/crons: when schedules ran, and when they run next.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.ListCronsOp)
	api.Serve(app, platformapi.ListCrons(platform.NewOverview(postgres.SystemFrom(app))))
}
