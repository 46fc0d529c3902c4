package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/stores"
	"fitkit/infra/migrate"
	"fitkit/shared/backup"
	"fitkit/shared/backup/backupfile"
	"fitkit/shared/blob"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const (
	historyCharges  = 60_000
	historyWeek     = "2026-11-21"
	restoreDatabase = "fitkit_restored"
	// maxRestore is for ten gigabytes of tables and indexes.
	maxRestore = 30 // minutes
)

// sqlHistory is a studio with $3 charges that were collected, ten for each member, and all that a collected charge leaves behind.
const sqlHistory = `
with o as (
  insert into orgs (id, clerk_org_id, name, slug, test_mode) values ($1, 'org_' || $1::uuid, 'סטודיו', $1::uuid::text, true)
), g as (
  insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, verified_at)
  values ($1, $2, 'cardcom', 'test', '1000', '\x00', '\x00000000', $2::uuid::text, now())
), m as (
  insert into members (org_id, id, name, search_key, birth_date, phone, email)
  select $1, app.uuidv7(), 'נועה לוי', 'נועה לוי ' || i, date '1990-01-01' + i % 9000, '+97252' || (1000000 + i), 'noa' || i || '@example.com'
  from generate_series(1, $3::int / 10) i
  returning id
), pm as (
  insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, last4, exp_month, exp_year, is_default)
  select $1, id, id, $2, decode(repeat('5a', 80), 'hex'), '\x5a5a5a5a', '0000', 12, 2030, true from m
), u as materialized (
  select m.id as member, app.uuidv7() as charge, app.uuidv7() as attempt, app.uuidv7() as payment, app.uuidv7() as entry, now() - n * interval '30 days' as at
  from m, generate_series(1, 10) n
), c as (
  insert into charges (org_id, id, member_id, kind, amount, description, due_at, state, paid_at)
  select $1, charge, member, 'one_off', 25000, 'מנוי חודשי', at, 'paid', at from u
), a as (
  insert into payment_attempts (org_id, id, charge_id, n, gateway_id, payment_method_id, amount, provider_key, state, provider_txn, code, lease_until, business_at, sent_at, settled_at, terminal)
  select $1, attempt, charge, 1, $2, member, 25000, 'fk-' || replace(attempt::text, '-', ''), 'approved', attempt::text, '000', at, at, at, at, '1000' from u
), p as (
  insert into payments (org_id, id, member_id, attempt_id, method, amount, provider_txn, received_at) select $1, payment, member, attempt, 'card', 25000, attempt::text, at from u
), al as (
  insert into allocations (org_id, payment_id, charge_id, amount) select $1, payment, charge, 25000 from u
), e as (
  insert into ledger_entries (org_id, id, kind, payment_id, at) select $1, entry, 'payment', payment, at from u
), l as (
  insert into ledger_lines (org_id, entry_id, account, amount)
  select $1, entry, x.account, x.amount from u, (values ('clearing_card', 25000), ('sales', -21186), ('vat_output', -3814)) x (account, amount)
), ev as (
  insert into member_events (org_id, member_id, at, kind, data)
  select $1, member, at, 'charge.paid', jsonb_build_object('charge_id', charge, 'amount_agorot', 25000) from u
)
insert into jobs (org_id, queue, dedupe_key, payload, state, sent_at, finished_at)
select $1, 'billing-execute-charge', 'charge:' || charge || ':0', jsonb_build_object('charge_id', charge), 'done', at, at from u`

// restoreFigures exports a studio with a long history, restores it into an empty database by the operator's own command, which
// compares every file's hash and every table's count, and reckons from that how long ten gigabytes would take.
func restoreFigures(ctx context.Context, s *system) ([]figure, error) {
	org, err := s.makeHistory(ctx)
	if err != nil {
		return nil, fmt.Errorf("make a studio's history: %w", err)
	}
	began := time.Now()
	if err := s.export(ctx, org); err != nil {
		return nil, err
	}
	exported := time.Since(began)
	to, err := s.emptyDatabase(ctx)
	if err != nil {
		return nil, err
	}
	before, err := sizeMB(ctx, to)
	if err != nil {
		return nil, err
	}
	command, err := buildRestore(ctx)
	if err != nil {
		return nil, err
	}
	began = time.Now()
	if err := s.restore(ctx, command, org, to); err != nil {
		return nil, err
	}
	restored := time.Since(began)
	after, err := sizeMB(ctx, to)
	if err != nil {
		return nil, err
	}
	mb := after - before
	return []figure{
		{name: "tables and indexes of the studio that is restored", value: mb, unit: "MB", none: true},
		{name: "export of a studio", value: mb / exported.Seconds(), unit: "MB/s", none: true},
		{name: "restore of a studio's export", value: mb / restored.Seconds(), unit: "MB/s", none: true},
		{name: "restore of 10 GB, one studio after the other, reckoned from it", value: 10_240 / mb * restored.Minutes(), unit: "minutes", atMost: true, bound: maxRestore},
	}, nil
}

// makeHistory writes past the triggers: they would judge each row of a past that is made at once.
func (s *system) makeHistory(ctx context.Context) (org id.Org, err error) {
	if err := s.empty(ctx); err != nil {
		return org, err
	}
	org = id.New[id.Org]()
	err = pgx.BeginFunc(ctx, s.admin, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlHistory, org, id.New[id.Gateway](), s.times(historyCharges))
		return err
	})
	return org, errors.Join(err, s.ready(ctx))
}

func (s *system) export(ctx context.Context, org id.Org) error {
	db, err := postgres.Open(postgres.Config{URL: s.Variables["DATABASE_URL"], ExecMode: pgx.QueryExecModeExec})
	if err != nil {
		return err
	}
	defer db.Close()
	files := blob.New(blob.Config{Endpoint: s.Variables["S3_ENDPOINT_URL"], Region: stores.Region, Bucket: s.Variables["R2_BUCKET_NAME"],
		Keys: aws.Credentials{AccessKeyID: s.Variables["R2_ACCESS_KEY_ID"], SecretAccessKey: s.Variables["R2_SECRET_ACCESS_KEY"]}})
	return backupfile.NewExporter(db, files).Export(ctx, tenancy.ForOrg(org, "bench"), backup.Message{Day: historyWeek})
}

// emptyDatabase is a migrated one without a studio; it answers the schema owner's address.
func (s *system) emptyDatabase(ctx context.Context) (string, error) {
	if _, err := s.admin.Exec(ctx, "drop database if exists "+restoreDatabase); err != nil {
		return "", err
	}
	if err := migrate.Create(ctx, s.Stores.AdminURL, restoreDatabase, s.Secrets.OwnerPassword); err != nil {
		return "", err
	}
	owner := s.Stores.DatabaseURL(migrate.Owner, s.Secrets.OwnerPassword, restoreDatabase)
	return owner, migrate.Up(ctx, owner, migrate.Logins{App: s.Secrets.AppPassword, System: s.Secrets.SystemPassword})
}

func sizeMB(ctx context.Context, url string) (mb float64, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	return mb, conn.QueryRow(ctx, "select pg_database_size(current_database()) / 1048576.0").Scan(&mb)
}

// buildRestore builds make restore-export's command.
func buildRestore(ctx context.Context) (command string, err error) {
	command = filepath.Join(buildDir, "restoreexport")
	if said, err := exec.CommandContext(ctx, "go", "build", "-o", command, "./infra/tools/restoreexport").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, said)
	}
	return command, nil
}

func (s *system) restore(ctx context.Context, command string, org id.Org, to string) error {
	cmd := exec.CommandContext(ctx, command, "-org", org.String(), "-from", historyWeek)
	cmd.Env = os.Environ()
	for name, value := range s.Variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, "DIRECT_DATABASE_URL="+to) // of two with one name the last counts
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("restore-export: %w\n%s", err, said)
	}
	say("  %s", strings.TrimSpace(string(said)))
	return nil
}
