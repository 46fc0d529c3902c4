// Package backupjob is the queued work of backups.
package backupjob

import (
	"context"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Exporter is what Export needs.
type Exporter interface {
	Export(ctx context.Context, c tenancy.Caller, m backup.Message) error
}

// ExportOp declares the queue platform-export-org. An organisation's compressed tables are held in memory before they are
// stored, hence the size; two at a time leave the database to people.
var ExportOp = job.Op{
	Name:    "job-platform-export-org",
	Summary: "Write every table of an organisation to the object store",
	Needs:   []need.Need{need.Postgres, need.Blob}, MemoryMB: 1024, Timeout: 5 * time.Minute, MaxConcurrency: 2,
}

// Export writes an organisation's export of a day. A message seen twice finds it there.
func Export(x Exporter) job.Handler {
	return job.New(ExportOp, func(ctx context.Context, c tenancy.Caller, m backup.Message) error { return x.Export(ctx, c, m) })
}
