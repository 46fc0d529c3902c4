// Command api-org-complete-upload serves POST /v1/uploads/{id}/complete: what arrived is compared with what was announced.
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
	app := run.Start(uploadapi.CompleteOp)
	api.Serve(app, uploadapi.Complete(upload.NewStore(postgres.From(app), blob.From(app))))
}
