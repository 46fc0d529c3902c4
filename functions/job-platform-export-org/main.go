// Command job-platform-export-org writes every table of an organisation to the object store.
package main

import (
	"fitkit/shared/backup/backupfile"
	"fitkit/shared/backup/backupjob"
	"fitkit/shared/blob"
	"fitkit/shared/job"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(backupjob.ExportOp)
	job.Serve(app, backupjob.Export(backupfile.NewExporter(postgres.From(app), blob.From(app))))
}
