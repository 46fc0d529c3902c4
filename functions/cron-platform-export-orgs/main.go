// Command cron-platform-export-orgs starts the weekly export of every organisation's tables.
package main

import (
	"fitkit/shared/backup"
	"fitkit/shared/backup/backupcron"
	"fitkit/shared/cron"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(backupcron.ExportOrgsOp)
	cron.Serve(app, backupcron.ExportOrgs(backup.NewPlanner(postgres.SystemFrom(app), outbox.Postgres(app))))
}
