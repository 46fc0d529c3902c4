//go:build fitkit_testhooks

// Command api-testhooks-reset-studio serves POST /v1/test/reset: such a studio ends.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/run"
	"fitkit/shared/testhooks/studiotest"
	"fitkit/shared/testhooks/testhooksapi"
)

func main() {
	app := run.Start(testhooksapi.ResetStudioOp)
	studios, secret := studiotest.ResetterFrom(app)
	api.Serve(app, testhooksapi.ResetStudio(studios, secret))
}
