package backup

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

// Report is what a verification found in a copy of the database.
type Report struct {
	ID         id.Event  `json:"id"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	CopyAt     time.Time `json:"copy_at"`       // the instant that was copied
	Ready      float64   `json:"ready_seconds"` // until the copy could be used: what a restore takes
	Passed     bool      `json:"passed"`
	Findings   []Finding `json:"findings"`

	SchemaVersion int64            `json:"schema_version"`
	NewestRowAt   time.Time        `json:"newest_row_at"` // of the schedules' runs, which never pause
	Orgs          int              `json:"orgs"`
	Rows          map[string]int64 `json:"rows"`   // by table, in the copy
	Money         map[string]Sum   `json:"money"`  // by table, in the copy: equal to production's when it passed
	Opened        map[string]int   `json:"opened"` // sealed values that were tried and open, by column
}

// Finding is something that is wrong with the copy.
type Finding struct {
	Code   string `json:"code"`   // backup.…, public, never changes
	Detail string `json:"detail"` // one sentence; names tables and counts, nobody's data
}

// Sum is a table's rows, and a digest over their amounts and whose they are.
type Sum struct {
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"`
}

// Reports keeps what verifications found.
type Reports struct{ db *postgres.SystemDB }

// NewReports is reports on db.
func NewReports(db *postgres.SystemDB) *Reports { return &Reports{db} }

const (
	sqlAddReport = `insert into backup_reports (id, started_at, finished_at, copy_at, passed, report, object_key, sha256)
values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlReports    = `select report from backup_reports order by started_at desc limit $1`
	sqlLastPassed = `select coalesce(max(started_at), 'epoch'), coalesce((select min(started_at) from cron_runs where name = $1), now())
from backup_reports where passed`
)

// Add keeps a report; key and sum say which object holds its text.
func (s *Reports) Add(ctx context.Context, r Report, text []byte, key string, sum []byte) error {
	err := s.db.Across(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlAddReport, r.ID, r.StartedAt, r.FinishedAt, r.CopyAt, r.Passed, string(text), key, sum)
		return err
	})
	return fail.Wrap(err, "keep the report")
}

// Latest is the newest reports, at most n.
func (s *Reports) Latest(ctx context.Context, n int) (reports []Report, err error) {
	err = s.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlReports, n)
		if err != nil {
			return err
		}
		reports, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Report, err error) {
			var text []byte
			if err := row.Scan(&text); err != nil {
				return r, err
			}
			return r, json.Unmarshal(text, &r)
		})
		return err
	})
	return reports, fail.Wrap(err, "read reports")
}

// VerifyCron is the schedule that proves a backup.
const VerifyCron = "cron-platform-verify-backup"

// LastPassed is when the newest verification that found nothing began, 1970 when there is none, and when the schedule that
// verifies ran for the first time: before that there was nothing to prove.
func (s *Reports) LastPassed(ctx context.Context) (at, first time.Time, err error) {
	err = s.db.Across(ctx, func(tx postgres.Tx) error { return tx.QueryRow(ctx, sqlLastPassed, VerifyCron).Scan(&at, &first) })
	return at, first, fail.Wrap(err, "read the last report that passed")
}
