// Package backupverify proves that the database could be brought back: it has its vendor copy it as it was at an instant of
// the restore window, opens the copy as functions do, compares it with production, and removes it again.
package backupverify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup"
	"fitkit/shared/blob"
	"fitkit/shared/blob/documents"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/neon"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
)

// Vendor makes copies of the whole database; *neon.Client is one.
type Vendor interface {
	History(ctx context.Context) (time.Duration, error)
	Root(ctx context.Context) (bool, error)
	Create(ctx context.Context, b neon.Branch) (string, error)
	ResetPassword(ctx context.Context, branch, role string) error
	Address(ctx context.Context, branch, role string, pooled bool) (string, error)
	Delete(ctx context.Context, name string, soft bool) error
}

// Documents is the store in which nobody deletes a report.
type Documents interface {
	PutReport(ctx context.Context, folder, name string, issued civil.Date, content []byte) (documents.Receipt, error)
}

// Verifier verifies.
type Verifier struct {
	Production Database
	Vendor     Vendor
	Rings      Rings
	Reports    *backup.Reports
	Documents  Documents
	Now        func() time.Time
}

const (
	// week is after how long a proof is due again. A failed one is due the next day.
	week = 7*24*time.Hour - 6*time.Hour
	// settle is older than any transaction that may still be under way: rows made before it are all committed.
	settle = 5 * time.Minute
	// edge keeps the instant off both ends of the restore window, where the vendor refuses it.
	edge = 30 * time.Minute
	// toClose is kept of a run's time for removing the copy and keeping the report, however long Neon or the copy takes, and toKeep
	// of that for the report.
	toClose = time.Minute
	toKeep  = 20 * time.Second
	// leftover is when Neon deletes a copy that we could not.
	leftover = 6 * time.Hour
)

// VerifyWhenDue verifies unless a proof of this week passed. It says how many copies it looked at, and gauges for how long
// nothing has been proven: since the last good proof, or since the schedule's first run. A copy that will not do is a report
// and no error; an error is a report that could not be kept.
func (v *Verifier) VerifyWhenDue(ctx context.Context) (checked int64, failed int, age time.Duration, err error) {
	passed, first, err := v.Reports.LastPassed(ctx)
	if err != nil || v.Now().Sub(passed) < week {
		return 0, 0, v.Now().Sub(passed), err
	}
	r, err := v.Verify(ctx)
	if r.Passed && err == nil {
		passed = r.StartedAt
	}
	return 1, len(r.Findings), v.Now().Sub(latest(passed, first)), err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Verify makes a copy, looks at it, removes it, and keeps the report in the database and under lock.
func (v *Verifier) Verify(ctx context.Context) (backup.Report, error) {
	r := backup.Report{ID: id.New[id.Event](), StartedAt: v.Now(), CopyAt: v.Now(), Findings: []backup.Finding{},
		Rows: map[string]int64{}, Money: map[string]backup.Sum{}, Opened: map[string]int{}}
	if err := v.look(ctx, &r); err != nil {
		obs.Add(ctx, "no_copy", err.Error())
		r.Findings = append(r.Findings, backup.Finding{Code: NoCopy, Detail: "The copy could not be made or read; the log of cron-platform-verify-backup says why."})
	}
	r.FinishedAt, r.Passed = v.Now(), len(r.Findings) == 0
	for _, f := range r.Findings {
		obs.Add(ctx, "finding", f.Code)
	}
	return r, v.keep(ctx, r)
}

// keep locks the report and notes it. A report that could not be locked is evidence of nothing, so it never passes.
func (v *Verifier) keep(ctx context.Context, r backup.Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	day := r.StartedAt.UTC()
	receipt, lockErr := v.Documents.PutReport(ctx, "backups", day.Format(backup.DayLayout)+"-"+r.ID.String(), civil.New(day.Year(), day.Month(), day.Day()), text)
	if lockErr != nil {
		r.Passed, r.Findings = false, append(r.Findings, backup.Finding{Code: NotLocked, Detail: "The report could not be locked; the log of cron-platform-verify-backup says why."})
		if text, err = json.MarshalIndent(r, "", "  "); err != nil {
			return err
		}
	}
	sum := blob.SumOf(text)
	return errors.Join(fail.Wrap(lockErr, "lock the report"), v.Reports.Add(ctx, r, text, receipt.Key, sum[:]))
}

// look makes the copy and compares it.
func (v *Verifier) look(ctx context.Context, r *backup.Report) (err error) {
	closing := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var endClosing, endLook context.CancelFunc
		closing, endClosing = context.WithDeadline(ctx, deadline.Add(-toKeep))
		defer endClosing()
		ctx, endLook = context.WithDeadline(ctx, deadline.Add(-toClose))
		defer endLook()
	}
	branch := neon.Branch{Name: "verify-" + r.ID.String(), Expires: r.StartedAt.Add(leftover)}
	history, err := v.Vendor.History(ctx)
	if err != nil {
		return err
	}
	root, err := v.Vendor.Root(ctx)
	if err != nil {
		return err
	}
	if !root {
		r.Findings = append(r.Findings, backup.Finding{Code: NotRoot, Detail: "Production is a branch that has a parent: only its present could be copied."})
	}
	if root && history > 2*edge {
		r.CopyAt = r.StartedAt.Add(-edge - rand.N(history-2*edge)).Truncate(time.Second)
		branch.At = r.CopyAt
	}
	defer func() {
		if left := v.Vendor.Delete(closing, branch.Name, false); left != nil {
			obs.Add(ctx, "copy_left", left.Error())
			r.Findings = append(r.Findings, backup.Finding{Code: CopyLeft, Detail: "The copy, which holds people's data, was not seen to go: delete the branch " + branch.Name + " in Neon's console. Neon does so after six hours."})
		}
	}()
	branchID, err := v.Vendor.Create(ctx, branch)
	if err != nil {
		return fmt.Errorf("make a copy: %w", err)
	}
	r.Ready = v.Now().Sub(r.StartedAt).Seconds()
	made, err := v.connect(ctx, branchID)
	if err != nil {
		return err
	}
	defer made.close()
	return v.check(ctx, made, r, !branch.At.IsZero())
}

// check compares what both hold of the time that is settled. Production's organisations are the measure: what it has
// deleted since is nobody's loss.
func (v *Verifier) check(ctx context.Context, made Database, r *backup.Report, past bool) error {
	cutoff := r.CopyAt.Add(-settle)
	was, err := v.Production.read(ctx, cutoff, v.Now(), nil)
	if err != nil {
		return fmt.Errorf("read production: %w", err)
	}
	is, err := made.read(ctx, cutoff, v.Now(), was.Orgs)
	if err != nil {
		return fmt.Errorf("read the copy: %w", err)
	}
	r.SchemaVersion, r.NewestRowAt, r.Orgs, r.Rows, r.Money = is.Schema, is.Newest, len(is.Orgs), is.Rows, is.Money
	r.Findings = append(r.Findings, compare(was, is, r.CopyAt)...)
	if past && is.Newest.After(r.CopyAt) {
		r.Findings = append(r.Findings, backup.Finding{Code: Newer, Detail: fmt.Sprintf("The newest row is of %s, after the instant that was asked for.", is.Newest.UTC().Format(time.RFC3339))})
	}
	return made.open(ctx, v.Rings, r)
}

// connect opens the copy by the functions' own logins. Their passwords are the copy's alone: those that it came with were set by
// statements, which Neon's API need not know of, and a copy of a protected branch has others anyway.
func (v *Verifier) connect(ctx context.Context, branchID string) (d Database, err error) {
	app, err := v.login(ctx, branchID, "fitkit_app")
	if err != nil {
		return d, err
	}
	system, err := v.login(ctx, branchID, "fitkit_system")
	if err != nil {
		return d, err
	}
	if d.App, err = postgres.Open(app); err != nil {
		return d, err
	}
	if d.System, err = postgres.OpenSystem(system); err != nil {
		d.App.Close()
	}
	return d, err
}

func (v *Verifier) login(ctx context.Context, branchID, role string) (c postgres.Config, err error) {
	if err := v.Vendor.ResetPassword(ctx, branchID, role); err != nil {
		return c, err
	}
	address, err := v.Vendor.Address(ctx, branchID, role, false)
	return postgres.Config{URL: address, ExecMode: pgx.QueryExecModeExec, Application: "verify-backup"}, err
}

func (d Database) close() {
	d.App.Close()
	d.System.Close()
}
