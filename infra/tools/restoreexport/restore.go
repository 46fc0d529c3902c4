package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup"
	"fitkit/shared/backup/backupfile"
	"fitkit/shared/blob"
	"fitkit/shared/id"
)

// Source is the object store that exports are read from.
type Source interface {
	Get(ctx context.Context, key blob.Key) (io.ReadCloser, error)
}

// sqlPause stops what would be collected again: charges that were paid since the export are due once more in what it holds.
const sqlPause = `update orgs set charges_paused_at = now(), charges_paused_why = 'restored' where id = $1`

// Restore brings an organisation's export into a migrated database that does not have the organisation, as the schema's
// owner and in one transaction: after an error nothing has changed. The organisation's charges
// come back paused, whatever they were. It answers the manifest of what it restored.
func Restore(ctx context.Context, conn *pgx.Conn, files Source, org id.Org, day string) (m backupfile.Manifest, err error) {
	if m, err = readManifest(ctx, files, org, day); err != nil {
		return m, err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		tables, err := backup.Tables(ctx, tx)
		if err != nil {
			return err
		}
		if err := fits(ctx, tx, m, tables); err != nil {
			return err
		}
		if err := open(ctx, tx, tables); err != nil {
			return err
		}
		if err := fill(ctx, tx, files, m, tables); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlPause, org); err != nil {
			return fmt.Errorf("pause the studio's charges: %w", err)
		}
		return shut(ctx, tx, tables)
	})
	return m, err
}

func readManifest(ctx context.Context, files Source, org id.Org, day string) (m backupfile.Manifest, err error) {
	key, err := backupfile.ManifestKey(org, day)
	if err != nil {
		return m, err
	}
	text, err := read(ctx, files, key)
	if errors.Is(err, blob.ErrNotFound) {
		return m, fmt.Errorf("organisation %s has no export of the week of %s: look into backups/org/%s/ for the weeks there are", org, day, org)
	}
	if err != nil {
		return m, err
	}
	m, ok := backupfile.ParseManifest(text, org, day)
	if !ok {
		return m, fmt.Errorf("%s is cut off, altered or of another version of FitKit: restore the export of another week", key)
	}
	return m, nil
}

func read(ctx context.Context, files Source, key blob.Key) ([]byte, error) {
	body, err := files.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// fits refuses an export whose tables or columns the database lacks. A newer schema may have more of both.
func fits(ctx context.Context, tx pgx.Tx, m backupfile.Manifest, tables []backup.Table) error {
	version, err := backup.SchemaVersion(ctx, tx)
	if err != nil {
		return fmt.Errorf("the database has no schema yet: run make dev-db-migrate first (%w)", err)
	}
	if version < m.SchemaVersion {
		return fmt.Errorf("the export is of schema %d and the database of %d: bring the database up to date (make dev-db-migrate) and restore again", m.SchemaVersion, version)
	}
	for _, f := range m.Tables {
		i := slices.IndexFunc(tables, func(t backup.Table) bool { return t.Name == f.Table })
		if i < 0 {
			return fmt.Errorf("the export has table %s and the database has not: restore into schema %d, then migrate", f.Table, m.SchemaVersion)
		}
		for _, c := range f.Columns {
			if !slices.Contains(tables[i].Columns, c) {
				return fmt.Errorf("the export has column %s.%s and the database has not: restore into schema %d, then migrate", f.Table, c, m.SchemaVersion)
			}
		}
	}
	return nil
}

// open lets the owner write what row-level security and triggers keep even from the owner. Rows come back as they were;
// triggers have said their word about them before. Constraints and foreign keys stay in force.
func open(ctx context.Context, tx pgx.Tx, tables []backup.Table) error {
	return alter(ctx, tx, tables, "no force row level security", "disable trigger user")
}

func shut(ctx context.Context, tx pgx.Tx, tables []backup.Table) error {
	return alter(ctx, tx, tables, "force row level security", "enable trigger user")
}

func alter(ctx context.Context, tx pgx.Tx, tables []backup.Table, how ...string) error {
	for _, t := range tables {
		if _, err := tx.Exec(ctx, "alter table "+t.Quoted()+" "+strings.Join(how, ", ")); err != nil {
			return fmt.Errorf("only the schema's owner restores; check DIRECT_DATABASE_URL: %w", err)
		}
	}
	return nil
}

// fill writes the tables in the order of their references.
func fill(ctx context.Context, tx pgx.Tx, files Source, m backupfile.Manifest, tables []backup.Table) error {
	if _, err := tx.Exec(ctx, "create temp table restored_lines (line text not null) on commit drop"); err != nil {
		return err
	}
	for _, t := range tables {
		if err := isEmpty(ctx, tx, t, m.Org); err != nil {
			return err
		}
		i := slices.IndexFunc(m.Tables, func(f backupfile.File) bool { return f.Table == t.Name })
		if i < 0 {
			continue // younger than the export
		}
		if err := restoreTable(ctx, tx, files, m, t, m.Tables[i]); err != nil {
			return err
		}
	}
	return nil
}

func isEmpty(ctx context.Context, tx pgx.Tx, t backup.Table, org id.Org) error {
	var there bool
	err := tx.QueryRow(ctx, fmt.Sprintf("select exists (select from %s where %s = $1)", t.Quoted(), t.OrgColumn()), org).Scan(&there)
	if err == nil && there {
		return fmt.Errorf("organisation %s is in this database already (table %s): restore into an empty one", org, t.Name)
	}
	return err
}

// restoreTable checks the file before a byte of it is used, and the rows after.
func restoreTable(ctx context.Context, tx pgx.Tx, files Source, m backupfile.Manifest, t backup.Table, f backupfile.File) error {
	content, err := read(ctx, files, f.Key)
	if errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("the file of table %s (%s) is missing: restore the export of another week", t.Name, f.Key)
	}
	if err != nil {
		return err
	}
	if !f.Checked(content) {
		return fmt.Errorf("the file of table %s (%s) is not the one that was stored, it has %d bytes of %d or others: restore the export of another week", t.Name, f.Key, len(content), f.Bytes)
	}
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("the file of table %s (%s) is not compressed by gzip: restore the export of another week", t.Name, f.Key)
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"restored_lines"}, []string{"line"}, lines(zip)); err != nil {
		return fmt.Errorf("read table %s: %w", t.Name, err)
	}
	tag, err := tx.Exec(ctx, insertStatement(t, f.Columns), m.Org)
	if err != nil {
		return fmt.Errorf("write table %s: %w", t.Name, err)
	}
	if tag.RowsAffected() != f.Rows {
		return fmt.Errorf("table %s has %d rows of this studio in its file and %d in the manifest: restore the export of another week", t.Name, tag.RowsAffected(), f.Rows)
	}
	_, err = tx.Exec(ctx, "truncate restored_lines")
	return err
}

// lines reads rows, which may be long.
func lines(from io.Reader) pgx.CopyFromSource {
	in := bufio.NewReader(from)
	return pgx.CopyFromFunc(func() ([]any, error) {
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []any{line}, nil
	})
}

// insertStatement writes all lines at once, so that rows may refer to others of their own table. A line of another
// organisation is none; the count then differs, and nothing is restored.
func insertStatement(t backup.Table, columns []string) string {
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = pgx.Identifier{c}.Sanitize()
		literal := "'" + strings.ReplaceAll(c, "'", "''") + "'"
		values[i] = fmt.Sprintf("(j->>%s)::%s", literal, t.Types[slices.Index(t.Columns, c)])
	}
	return fmt.Sprintf("insert into %s (%s) overriding system value select %s from (select line::json as j from restored_lines offset 0) l where (j->>'%s')::uuid = $1",
		t.Quoted(), strings.Join(names, ", "), strings.Join(values, ", "), t.OrgColumn())
}
