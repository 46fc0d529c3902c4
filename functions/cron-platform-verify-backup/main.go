// Command cron-platform-verify-backup proves once a week that a copy of the database would do.
package main

import (
	"fitkit/shared/backup"
	"fitkit/shared/backup/backupcron"
	"fitkit/shared/backup/backupverify"
	"fitkit/shared/blob/documents"
	"fitkit/shared/clock"
	"fitkit/shared/cron"
	"fitkit/shared/neon"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

func main() {
	app := run.Start(backupcron.VerifyBackupOp)
	system := postgres.SystemFrom(app)
	cron.Serve(app, backupcron.VerifyBackup(&backupverify.Verifier{
		Production: backupverify.Database{App: postgres.From(app), System: system}, Vendor: neon.From(app),
		Rings:   backupverify.Rings{seal.PaymentCredentials: seal.PaymentRing(app), seal.NationalIDs: seal.NationalIDRing(app)},
		Reports: backup.NewReports(system), Documents: documents.From(app), Now: clock.Real,
	}))
}
