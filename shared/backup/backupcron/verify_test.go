package backupcron_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"fitkit/shared/backup/backupcron"
	"fitkit/shared/cron"
	"fitkit/shared/obs"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/run"
)

// proof is what the last look at a copy said.
type proof struct {
	checked int64
	found   int
	age     time.Duration
	err     error
}

func (p proof) VerifyWhenDue(context.Context) (int64, int, time.Duration, error) {
	return p.checked, p.found, p.age, p.err
}

// A copy that will not do rings the same night, and so does a week without a good proof and a day (T17); what could not be kept fails the
// run, with both gauges written. Red with the gauges written after a run without an error only, with the age in hours, with
// a finding counted as a copy, and with both alarms' limits one higher. Not parallel: the metrics go where the whole process writes them.
func TestABackupThatWillNotDoRings(t *testing.T) {
	db := postgrestest.New(t)
	const day = 24 * time.Hour
	for name, tc := range map[string]struct {
		proof
		days  float64
		rings string // the alarm's metric
	}{
		"a good proof of this week":                {proof{0, 0, 3 * day, nil}, 3, ""},
		"a good proof of tonight":                  {proof{1, 0, 0, nil}, 0, ""},
		"a copy with a finding, proven yesterday":  {proof{1, 1, day, nil}, 1, "BackupFindings"},
		"eight days without a proof":               {proof{1, 0, 8 * day, nil}, 8, ""},
		"eight days and a half":                    {proof{1, 0, 8*day + 12*time.Hour, nil}, 8.5, "BackupUnprovenDays"},
		"a report that could not be kept":          {proof{1, 0, 9 * day, errors.New("no lock")}, 9, "BackupUnprovenDays"},
		"a finding whose report could not be kept": {proof{1, 3, 2 * day, errors.New("no lock")}, 2, "BackupFindings"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			obs.Redirect(&log)
			t.Cleanup(func() { obs.Redirect(os.Stdout) })
			app, err := run.New(backupcron.VerifyBackupOp, func(name string) string {
				key := rotationtest.New.Reveal()
				return map[string]string{"STAGE": "test", "DATABASE_URL": db.AppURL, "SYSTEM_DATABASE_URL": db.SystemURL, "R2_BUCKET_NAME": "files",
					"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": key, "NATIONAL_ID_ENCRYPTION_KEY": key}[name]
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cron.Lambda(app, backupcron.VerifyBackup(tc.proof))(t.Context(), cron.Event{}); (err != nil) != (tc.err != nil) {
				t.Errorf("the run ended with %v", err)
			}
			got := gauges(t, log.String())
			if len(got["BackupFindings"]) != 1 || len(got["BackupUnprovenDays"]) != 1 || got["BackupFindings"][0] != float64(tc.found) || got["BackupUnprovenDays"][0] != tc.days {
				t.Errorf("the gauges are %v, want %d findings and %v days", got, tc.found, tc.days)
			}
			var rings []string
			for _, alarm := range backupcron.VerifyBackupOp.Alarms {
				for _, value := range got[alarm.Metric] {
					if value > float64(alarm.Above) {
						rings = append(rings, alarm.Metric)
					}
				}
			}
			if strings.Join(rings, " ") != tc.rings {
				t.Errorf("%q rings, want %q", rings, tc.rings)
			}
		})
	}
}

// gauges are the backups' numbers that the log's lines hold.
func gauges(t *testing.T, log string) map[string][]float64 {
	t.Helper()
	out := map[string][]float64{}
	for line := range strings.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for name, value := range fields {
			if n, ok := value.(float64); ok && strings.HasPrefix(name, "Backup") {
				out[name] = append(out[name], n)
			}
		}
	}
	return out
}
