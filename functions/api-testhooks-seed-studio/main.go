//go:build fitkit_testhooks

// Command api-testhooks-seed-studio serves POST /v1/test/seed: a studio for a frontend's end-to-end test.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/run"
	"fitkit/shared/testhooks/studiotest"
	"fitkit/shared/testhooks/testhooksapi"
)

func main() {
	app := run.Start(testhooksapi.SeedStudioOp)
	studios, secret := studiotest.SeederFrom(app)
	api.Serve(app, testhooksapi.SeedStudio(studios, secret))
}
