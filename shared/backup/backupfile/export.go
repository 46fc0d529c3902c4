package backupfile

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	Get(ctx context.Context, key blob.Key) (io.ReadCloser, error)
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

// Export writes the caller's organisation as the export of the message's day, and asks the store afterwards whether it has all of it:
// a backup that nobody could restore fails today. A message seen twice finds the manifest, writes nothing and asks again; of two at
// once the first manifest counts.
func (x *Exporter) Export(ctx context.Context, c tenancy.Caller, m backup.Message) error {
	manifest, err := ManifestKey(c.Org, m.Day)
	if err != nil {
		return err
	}
	_, err = x.files.Head(ctx, manifest)
	if errors.Is(err, blob.ErrNotFound) {
		err = x.write(ctx, c, m, manifest)
	}
	if err != nil && !errors.Is(err, blob.ErrExists) {
		return fail.Wrap(err, "export organisation %s as of %s", c.Org, m.Day)
	}
	return fail.Wrap(x.check(ctx, c.Org, m.Day, manifest), "check the export of organisation %s of %s", c.Org, m.Day)
}

// write stores the files and then, once the store has shown that it has them, the manifest. So whoever tries again after a file was
// lost writes all of them anew.
func (x *Exporter) write(ctx context.Context, c tenancy.Caller, m backup.Message, manifest blob.Key) error {
	taken := Manifest{Format: Format, Org: c.Org, Day: m.Day}
	packed, err := x.read(ctx, c, &taken)
	if err != nil {
		return err
	}
	if err := x.store(ctx, &taken, packed); err != nil {
		return err
	}
	if err := x.complete(ctx, taken); err != nil {
		return err
	}
	text, err := json.MarshalIndent(taken, "", "  ")
	if err != nil {
		return err
	}
	return x.files.Put(ctx, manifest, "application/json", text)
}

// check reads the manifest back, and asks for each file that it lists.
func (x *Exporter) check(ctx context.Context, org id.Org, day string, manifest blob.Key) error {
	body, err := x.files.Get(ctx, manifest)
	if err != nil {
		return kept(err, manifest)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return errors.Join(blob.ErrUnavailable, err)
	}
	m, ok := ParseManifest(text, org, day)
	if !ok {
		return fail.Wrap(errIncomplete, "%s", manifest)
	}
	return x.complete(ctx, m)
}

// complete says whether the store has each file as it was sent: its length, and its sum where the store keeps one.
func (x *Exporter) complete(ctx context.Context, m Manifest) error {
	for _, f := range m.Tables {
		info, err := x.files.Head(ctx, f.Key)
		if err != nil {
			return kept(err, f.Key)
		}
		if info.Size != f.Bytes || !info.SHA256.IsZero() && hex.EncodeToString(info.SHA256[:]) != f.SHA256 {
			return fail.Wrap(errIncomplete, "%s", f.Key)
		}
	}
	return nil
}

// kept takes a file that is not there for an incomplete export, which is tried again: what is not found otherwise never is.
func kept(err error, key blob.Key) error {
	if errors.Is(err, blob.ErrNotFound) {
		return fail.Wrap(errIncomplete, "%s", key)
	}
	return err
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
