// Command api-platform-get-neon serves GET /v1/admin/neon: what the databases use.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/config"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.GetNeonOp)
	api.Serve(app, platformapi.GetNeon(platform.NewNeon(run.Section[config.Neon](app))))
}
