// Command api-platform-discard-job serves POST /v1/admin/jobs/{id}/discard: a dead job is not to be done any more.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/platform/discard"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.DiscardJobOp)
	api.Serve(app, platformapi.DiscardJob(discard.NewStore(postgres.SystemFrom(app))))
}
