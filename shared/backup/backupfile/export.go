package backupfile

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup"
	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Files is the object store as exports need it.
type Files interface {
	Put(ctx context.Context, key blob.Key, contentType string, content []byte) error
	Head(ctx context.Context, key blob.Key) (blob.Info, error)
}

// Exporter writes organisations' tables to the object store.
type Exporter struct {
	db    *postgres.DB
	files Files
}

// NewExporter is an exporter.
func NewExporter(db *postgres.DB, files Files) *Exporter { return &Exporter{db, files} }

// sqlPatience lets one statement read a whole studio; the functions' login has ten seconds otherwise. Values are written as
// text in one form, whatever the server's settings are.
const sqlPatience = `select set_config('statement_timeout', '240s', true), set_config('timezone', 'UTC', true),
set_config('datestyle', 'ISO', true), set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true)`

const sqlInstant = `select now()`

// Export writes the caller's organisation as the export of the message's day. A message seen twice finds the manifest and
// writes nothing; of two at once the first manifest counts.
func (x *Exporter) Export(ctx context.Context, c tenancy.Caller, m backup.Message) error {
	manifest, err := ManifestKey(c.Org, m.Day)
	if err != nil {
		return err
	}
	if _, err := x.files.Head(ctx, manifest); !errors.Is(err, blob.ErrNotFound) {
		return fail.Wrap(err, "look for the export of %s", m.Day)
	}
	taken := Manifest{Format: Format, Org: c.Org, Day: m.Day}
	packed, err := x.read(ctx, c, &taken)
	if err != nil {
		return fail.Wrap(err, "read organisation %s", c.Org)
	}
	if err := x.store(ctx, &taken, packed); err != nil {
		return fail.Wrap(err, "store the export of organisation %s", c.Org)
	}
	text, err := json.MarshalIndent(taken, "", "  ")
	if err != nil {
		return err
	}
	if err := x.files.Put(ctx, manifest, "application/json", text); !errors.Is(err, blob.ErrExists) {
		return fail.Wrap(err, "store the manifest of organisation %s", c.Org)
	}
	return nil
}

// read packs all tables by a single statement, which sees a single instant.
func (x *Exporter) read(ctx context.Context, c tenancy.Caller, taken *Manifest) (packed []*pack, err error) {
	err = x.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, sqlPatience); err != nil {
			return err
		}
		tables, err := backup.Tables(ctx, tx)
		if err != nil {
			return err
		}
		if taken.SchemaVersion, err = backup.SchemaVersion(ctx, tx); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlInstant).Scan(&taken.TakenAt); err != nil {
			return err
		}
		packed, err = packAll(ctx, tx, tables)
		return err
	})
	return packed, err
}

// pack is a table being written.
type pack struct {
	table backup.Table
	rows  int64
	file  bytes.Buffer
	zip   *gzip.Writer
}

func packAll(ctx context.Context, tx postgres.Tx, tables []backup.Table) ([]*pack, error) {
	packed := make([]*pack, len(tables))
	parts := make([]string, len(tables))
	for i, t := range tables {
		if !t.Readable {
			return nil, fail.Wrap(errUnreadable, "export %s", t.Name)
		}
		packed[i] = &pack{table: t}
		packed[i].zip = gzip.NewWriter(&packed[i].file)
		parts[i] = fmt.Sprintf("select %d, row_to_json(r)::text from (select %s from %s where %s = app.org()) r", i, t.AsText(), t.Quoted(), t.OrgColumn())
	}
	rows, err := tx.Query(ctx, strings.Join(parts, "\nunion all\n"))
	if err != nil {
		return nil, err
	}
	var at int
	var line string
	_, err = pgx.ForEachRow(rows, []any{&at, &line}, func() error {
		packed[at].rows++
		_, err := packed[at].zip.Write(append([]byte(line), '\n'))
		return err
	})
	for _, p := range packed {
		err = errors.Join(err, p.zip.Close())
	}
	return packed, err
}

// store puts the files under keys of this attempt alone.
func (x *Exporter) store(ctx context.Context, taken *Manifest, packed []*pack) error {
	attempt := id.New[id.Event]()
	for _, p := range packed {
		key, err := fileKey(taken.Org, taken.Day, attempt, p.table.Name)
		if err != nil {
			return err
		}
		content := p.file.Bytes()
		if err := x.files.Put(ctx, key, contentType, content); err != nil {
			return err
		}
		sum := blob.SumOf(content)
		taken.Tables = append(taken.Tables, File{Table: p.table.Name, Key: key, Columns: p.table.Columns, Rows: p.rows,
			Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
		obs.Add(ctx, "rows_"+p.table.Name, p.rows)
	}
	return nil
}
