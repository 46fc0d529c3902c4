// Command api-platform-get-former-system serves GET /v1/admin/former-system: how the system before this one does.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/config"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.GetFormerSystemOp)
	api.Serve(app, platformapi.GetFormerSystem(platform.NewRailway(run.Section[config.Railway](app))))
}
