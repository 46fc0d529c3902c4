// Command api-platform-list-backups serves GET /v1/admin/backups: what the weekly proofs of the backups found.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/backup"
	"fitkit/shared/backup/backupapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(backupapi.ListBackupsOp)
	api.Serve(app, backupapi.ListBackups(backup.NewReports(postgres.SystemFrom(app))))
}
