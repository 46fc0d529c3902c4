// Command api-platform-rotate-keys serves POST /v1/admin/keys/rotate: seal every value of a ring anew under its active key.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/outbox"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(rotationapi.RotateKeysOp)
	api.Serve(app, rotationapi.RotateKeys(rotation.NewStore(outbox.System(app), rotation.RingsFrom(app))))
}
