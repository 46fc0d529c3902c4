package backupcron

import (
	"context"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/cron"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/run"
)

// The gauges of the proof: what was wrong with the last copy, and for how long nothing has been proven good.
const (
	findings = "BackupFindings"
	unproven = "BackupUnprovenDays"
)

// VerifyBackupOp declares the schedule of the weekly proof. It looks every night: a proof that failed is tried again the next
// day, and the schedule's silence is noticed within a day.
var VerifyBackupOp = cron.Op{
	Name: backup.VerifyCron, Summary: "Once a week, copy the database as it was at some instant and prove that the copy would do",
	Schedule: "cron(30 4 * * ? *)",
	Needs:    []need.Need{need.Postgres, need.Neon, need.PaymentKeys, need.NationalIDKeys, need.LockedReports}, MemoryMB: 256, Timeout: 15 * time.Minute,
	Alarms: []run.Alarm{
		{Metric: findings, Above: 0, Runbook: "backup-verification", Says: "A copy of the database would not do as a backup."},
		{Metric: unproven, Above: 8, Runbook: "backup-verification", Says: "No backup has been proven good for more than eight days."},
	},
}

// Verifier is what VerifyBackup needs.
type Verifier interface {
	VerifyWhenDue(ctx context.Context) (checked int64, found int, sinceGood time.Duration, err error)
}

// VerifyBackup proves a backup when a proof is due. A second run of the week finds it proven.
func VerifyBackup(v Verifier) cron.Handler {
	return cron.New(VerifyBackupOp, func(ctx context.Context) (int64, error) {
		checked, found, sinceGood, err := v.VerifyWhenDue(ctx)
		obs.Count(VerifyBackupOp.Name, findings, float64(found))
		obs.Count(VerifyBackupOp.Name, unproven, sinceGood.Hours()/24)
		return checked, err
	})
}
