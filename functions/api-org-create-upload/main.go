// Command api-org-create-upload serves POST /v1/uploads: a file is announced and gets an address to be sent to.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/blob"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadapi"
)

func main() {
	app := run.Start(uploadapi.CreateOp)
	api.Serve(app, uploadapi.Create(upload.NewStore(postgres.From(app), blob.From(app))))
}
