// Package org is studios and the people who work in them.
//
// A studio is an organisation in Clerk, and Clerk says who belongs to it. Which role somebody has in the studio is
// FitKit's own: Clerk's admin starts as owner and everybody else as front desk, an owner changes it from there, and
// it starts anew when Clerk's role changes. A studio that has an owner always keeps one.
package org

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/name"
	"fitkit/shared/nationalid"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Org is a studio's profile and policies.
type Org struct {
	ID                id.Org
	Name              string
	Slug              string
	LegalKind         string  // patur, murshe, company
	TaxID             *string // nine digits with a check digit
	Zone              string  // IANA name
	Language          string  // he, en
	Status            string  // active, suspended
	TestMode          bool
	TestNow           *time.Time // the test clock; nil: the real one
	ChargeOnRestDays  bool       // R6
	DunningEnd        string     // R50: suspend or keep; the column allows cancel, which comes with cancellations
	GraceDays         int        // R49: days of full access while in arrears
	ChargesPausedAt   *time.Time
	ChargesPausedWhy  *string
	Version           int
	CreatedAt, Edited time.Time
}

// Change is what an update sets; nil leaves as it is.
type Change struct {
	Name             *string
	Language         *string
	TaxID            *string // empty removes it
	LegalKind        *string
	ChargeOnRestDays *bool
	DunningEnd       *string
	GraceDays        *int
}

// Store keeps studios and their staff.
type Store struct{ db *postgres.DB }

// NewStore is the store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db} }

const orgColumns = `id, name, slug, legal_kind, tax_id, tz, language, status, test_mode, test_now, charge_on_rest_days,
  dunning_end, grace_days, charges_paused_at, charges_paused_why, version, created_at, updated_at`

func scanOrg(row pgx.Row) (o Org, err error) {
	err = row.Scan(&o.ID, &o.Name, &o.Slug, &o.LegalKind, &o.TaxID, &o.Zone, &o.Language, &o.Status, &o.TestMode, &o.TestNow,
		&o.ChargeOnRestDays, &o.DunningEnd, &o.GraceDays, &o.ChargesPausedAt, &o.ChargesPausedWhy, &o.Version, &o.CreatedAt, &o.Edited)
	return o, err
}

const sqlOrg = `select ` + orgColumns + ` from orgs where id = app.org()`

// Get is the caller's studio.
func (s *Store) Get(ctx context.Context, c tenancy.Caller) (o Org, err error) {
	b := &postgres.Batch{}
	b.Queue(sqlOrg).QueryRow(func(row pgx.Row) (err error) {
		o, err = scanOrg(row)
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	return o, fail.Wrap(err, "read organisation")
}

const (
	sqlUpdateOrg = `
update orgs set name = coalesce($2, name), name_own = name_own or $2 is not null, language = coalesce($3, language),
  tax_id = nullif(coalesce($4, tax_id), ''), legal_kind = coalesce($5, legal_kind), charge_on_rest_days = coalesce($6, charge_on_rest_days),
  dunning_end = coalesce($7, dunning_end), grace_days = coalesce($8, grace_days), version = version + 1, updated_at = now()
where id = app.org() and version = $1
returning ` + orgColumns
	sqlAudit = `insert into audit_log (org_id, action, object_kind, object_id, data) values (app.org(), $1, $2, $3, $4)`
)

// Update changes the studio's profile. version is the one the caller saw: ErrVersionConflict when it has moved on.
func (s *Store) Update(ctx context.Context, c tenancy.Caller, version int, ch Change) (o Org, err error) {
	if err := ch.check(); err != nil {
		return o, err
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		o, err = scanOrg(tx.QueryRow(ctx, sqlUpdateOrg, version, ch.Name, ch.Language, ch.TaxID, ch.LegalKind, ch.ChargeOnRestDays,
			ch.DunningEnd, ch.GraceDays))
		if postgres.NoRows(err) {
			return ErrVersionConflict
		}
		if err != nil {
			return err
		}
		return audit(ctx, tx, "org.updated", "org", o.ID.String(), map[string]any{"fields": ch.fields()})
	})
	return o, fail.Wrap(err, "update organisation")
}

// audit notes in the studio's trail what the caller did; data names things and holds no personal data.
func audit(ctx context.Context, tx postgres.Tx, action, kind, object string, data map[string]any) error {
	text, err := json.Marshal(data)
	if err == nil {
		_, err = tx.Exec(ctx, sqlAudit, action, kind, object, string(text))
	}
	return err
}

// check refuses a name or a tax number that cannot be; the name is brought to its stored form.
func (ch *Change) check() error {
	if ch.Name != nil {
		clean, err := name.Clean(*ch.Name)
		if err != nil || utf8.RuneCountInString(clean) > maxPlain {
			return ErrName
		}
		ch.Name = &clean
	}
	if ch.TaxID != nil && *ch.TaxID != "" && !validTaxID(*ch.TaxID) {
		return ErrTaxID
	}
	return nil
}

// validTaxID holds for an osek's or a company's number. All zeros satisfy the check digit and are nobody's.
func validTaxID(number string) bool { return nationalid.CheckDigit(number) && number != "000000000" }

// fields names what a change sets, for the audit trail.
func (ch Change) fields() []string {
	out := []string{}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"name", ch.Name != nil}, {"language", ch.Language != nil}, {"tax_id", ch.TaxID != nil}, {"legal_kind", ch.LegalKind != nil},
		{"charge_on_rest_days", ch.ChargeOnRestDays != nil}, {"dunning_end", ch.DunningEnd != nil}, {"grace_days", ch.GraceDays != nil},
	} {
		if f.set {
			out = append(out, f.name)
		}
	}
	return out
}
