// Command api-platform-list-keys serves GET /v1/admin/keys: which keys there are, and how many values each still seals.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/postgres"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(rotationapi.ListKeysOp)
	api.Serve(app, rotationapi.ListKeys(rotation.NewStore(postgres.SystemFrom(app), rotation.RingsFrom(app))))
}
