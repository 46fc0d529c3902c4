// Command cron-org-expire-uploads removes uploads that nobody completed.
package main

import (
	"fitkit/shared/blob"
	"fitkit/shared/cron"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadcron"
)

func main() {
	app := run.Start(uploadcron.ExpireOp)
	cron.Serve(app, uploadcron.Expire(upload.NewExpirer(postgres.SystemFrom(app), postgres.From(app), blob.From(app))))
}
