// Command restoreexport brings one organisation back from its weekly export:
//
//	restoreexport -org 0190… -from 2026-11-21
//
// It reads the object store's settings (R2_… or S3_ENDPOINT_URL) and writes to DIRECT_DATABASE_URL, a migrated database that
// does not have the organisation. What the environment does not say is read from .env. infra/runbooks/restore.md says when
// to use it and what to do before the studio works again.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/tools/dotenv"
	"fitkit/shared/blob"
	"fitkit/shared/config"
	"fitkit/shared/id"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("restoreexport", flag.ContinueOnError)
	orgID, from := flags.String("org", "", "the organisation's id"), flags.String("from", "", "the export's week, such as 2026-11-21")
	if err := flags.Parse(args); err != nil {
		return err
	}
	org, err := id.Parse[id.Org](*orgID)
	if err != nil || *from == "" {
		return errors.New("say whom and which week: make restore-export ORG=<the organisation's id> FROM=2026-11-21")
	}
	files, owner, err := settings(getenv)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		return errors.New("the database does not answer the schema's owner: check DIRECT_DATABASE_URL")
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	m, err := Restore(ctx, conn, files, org, *from)
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	var rows int64
	for _, f := range m.Tables {
		rows += f.Rows
	}
	fmt.Fprintf(out, "Restored organisation %s as it was at %s: %d tables, %d rows.\n", org, m.TakenAt.UTC().Format("2006-01-02 15:04:05Z"), len(m.Tables), rows)
	return nil
}

func settings(getenv func(string) string) (*blob.Store, string, error) {
	file, err := dotenv.Read(".env")
	if err != nil {
		return nil, "", err
	}
	setting := func(name string) string { return cmp.Or(getenv(name), file[name]) }
	core, section := &config.Core{}, &config.Blob{}
	if err := config.Read(setting, core, section); err != nil {
		return nil, "", err
	}
	if err := config.Guard(core.Stage, section); err != nil {
		return nil, "", err
	}
	owner := setting("DIRECT_DATABASE_URL")
	if owner == "" {
		return nil, "", errors.New("set DIRECT_DATABASE_URL to a direct (not pooled) connection of the role that owns the schema")
	}
	return blob.New(blob.FromSection(section, core.Region)), owner, nil
}
