package main

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// server is the PostgreSQL whose databases are copied, as its superuser.
type server struct {
	adminURL string
	database string
}

// damages are what a copy can be made to lack, by name.
var damages = map[string]string{
	"":           "",
	"truncated":  "alter table ledger_lines disable trigger user; delete from ledger_lines; delete from allocations",
	"half":       "delete from audit_log; alter table jobs disable trigger user; delete from jobs where ctid in (select ctid from jobs limit (select (count(*) + 1) / 2 from jobs))",
	"amounts":    "alter table payments disable trigger user; update payments set amount = amount + 1",
	"no_rls":     "alter table members no force row level security",
	"no_policy":  "drop policy org_isolation on charges",
	"stale":      "update cron_runs set started_at = started_at - interval '3 days'",
	"extension":  "drop extension pg_trgm cascade",
	"sealed":     `update gateways set creds_ct = overlay(creds_ct placing '\xffffffff' from 20)`,
	"table_gone": "drop table money_cases cascade",
	"doubled":    `insert into jobs (org_id, queue, dedupe_key, payload, created_at) select org_id, queue, dedupe_key || ' again', payload, created_at from jobs limit 1`,
	"unbalanced": `alter table ledger_lines disable trigger user; with e as (insert into ledger_entries (org_id, kind, at) select id, 'correction', now() from orgs returning org_id, id)
insert into ledger_lines select org_id, id, 'cash', 1 from e`,
	// Roles are the server's, and production's too, so only what this database shows of them is changed.
	"strong_role": `set allow_system_table_mods = on; do $$ begin execute 'create or replace view pg_catalog.pg_roles as '
|| replace(pg_get_viewdef('pg_catalog.pg_roles'::regclass), 'pg_authid.rolbypassrls', '(pg_authid.rolbypassrls or pg_authid.rolname = ''fitkit_gate'') as rolbypassrls'); end $$`,
	"newer": "insert into cron_runs (name, slot, started_at, lease_until) select 'cron-job-relay', at, at, at from (values (now() - interval '1 minute')) v (at)",
}

// clone makes a database of a copy that was kept, or else of the one that is copied, as it is now.
func (s server) clone(ctx context.Context, name, kept string) error {
	if kept == "" {
		return s.copy(ctx, name)
	}
	return s.exec(ctx, s.adminURL, fmt.Sprintf("create database %s template %s", pgx.Identifier{name}.Sanitize(), pgx.Identifier{kept}.Sanitize()))
}

// copy copies the database whole, by the server's own pg_dump and pg_restore: a template must have no connections, and
// production always has.
func (s server) copy(ctx context.Context, name string) error {
	bin, err := s.programs(ctx)
	if err != nil {
		return err
	}
	if err := s.exec(ctx, s.adminURL, "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
		return err
	}
	dump := exec.CommandContext(ctx, filepath.Join(bin, "pg_dump"), "--format=custom", "--compress=0", s.url("", "", s.database))
	restore := exec.CommandContext(ctx, filepath.Join(bin, "pg_restore"), "--exit-on-error", "--dbname="+s.url("", "", name))
	var said strings.Builder
	dump.Stderr, restore.Stderr = &said, &said
	if restore.Stdin, err = dump.StdoutPipe(); err != nil {
		return err
	}
	if err := dump.Start(); err != nil {
		return err
	}
	restored, dumped := restore.Run(), dump.Wait()
	if restored != nil || dumped != nil {
		return fmt.Errorf("copy the database: %w %w: %s", dumped, restored, said.String())
	}
	return nil
}

// spoil does a damage to a copy.
func (s server) spoil(ctx context.Context, name, damage string) error {
	if damages[damage] == "" {
		return nil
	}
	return s.exec(ctx, s.url("", "", name), damages[damage])
}

// let lets connections to a copy, or none: it has a compute or not yet.
func (s server) let(ctx context.Context, name string, in bool) error {
	return s.exec(ctx, s.adminURL, fmt.Sprintf("alter database %s with allow_connections %t", pgx.Identifier{name}.Sanitize(), in))
}

// programs is where the server's own programs are; a server in a container has them here only by luck.
func (s server) programs(ctx context.Context) (bin string, err error) {
	conn, err := pgx.Connect(ctx, s.adminURL)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "select setting from pg_config where name = 'BINDIR'").Scan(&bin); err != nil {
		return "", err
	}
	if _, err := exec.LookPath(filepath.Join(bin, "pg_dump")); err == nil {
		return bin, nil
	}
	path, err := exec.LookPath("pg_dump")
	return filepath.Dir(path), err
}

func (s server) drop(ctx context.Context, name string) error {
	return s.exec(ctx, s.adminURL, fmt.Sprintf("drop database if exists %s with (force)", pgx.Identifier{name}.Sanitize()))
}

func (s server) exec(ctx context.Context, databaseURL, sql string) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// url is how a role reaches a database of the server; empty: the superuser.
func (s server) url(role, password, database string) string {
	u, err := url.Parse(s.adminURL)
	if err != nil {
		return s.adminURL // connecting to it says what is wrong
	}
	if role != "" {
		u.User = url.UserPassword(role, password)
	}
	u.Path = "/" + database
	return u.String()
}
