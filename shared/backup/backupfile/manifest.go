// Package backupfile is the files of exports: what is in them, where they are, and how they are written.
package backupfile

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/id"
)

// Format is the layout of manifests and files; a restore refuses one that it does not know.
const Format = 1

// contentType of an export's files, which are gzip whatever they hold.
const contentType = "application/gzip"

// Manifest lists an export's files. It is stored last, so that an export without one never counted.
type Manifest struct {
	Format        int       `json:"format"`
	Org           id.Org    `json:"org_id"`
	Day           string    `json:"day"`            // 2026-11-21: the Saturday on which its week began
	TakenAt       time.Time `json:"taken_at"`       // all tables are of this one instant
	SchemaVersion int64     `json:"schema_version"` // the last migration that had run
	Tables        []File    `json:"tables"`         // each after those that it refers to
}

// File is one table's rows: a line of JSON each, columns as PostgreSQL's own text (null as null), compressed by gzip.
type File struct {
	Table   string   `json:"table"`
	Key     blob.Key `json:"key"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`  // of the file as it is stored
	SHA256  string   `json:"sha256"` // of the same, in hexadecimal digits
}

// errIncomplete is an export that could not be restored: a file is not in the store, or not as it was sent.
var errIncomplete = fail.New(fail.Internal, "backup.export_incomplete", "The object store lacks a file of an export, or has another than was sent.",
	"במאגר הקבצים חסר קובץ של ייצוא, או שהוא שונה ממה שנשלח.")

// errUnreadable is a mistake in a migration: a table of organisations that no function may read.
var errUnreadable = fail.New(fail.Internal, "backup.table_unreadable", "A table of organisations cannot be exported: grant select on it to fitkit_app.",
	"אי אפשר לייצא טבלה של ארגונים: תנו ל-fitkit_app הרשאת select עליה.")

// ParseManifest reads a manifest of the organisation's export of that day. What is cut off, altered or of another version is none, and
// so is one with files of another organisation: whoever can write a manifest must not reach another's.
func ParseManifest(text []byte, org id.Org, day string) (m Manifest, ok bool) {
	if json.Unmarshal(text, &m) != nil || m.Format != Format || m.Org != org || m.Day != day || len(m.Tables) == 0 {
		return m, false
	}
	return m, !slices.ContainsFunc(m.Tables, func(f File) bool {
		_, err := blob.ParseKey(org, string(f.Key))
		return err != nil
	})
}

// ManifestKey is where the manifest of an organisation's export of a week is.
func ManifestKey(org id.Org, day string) (blob.Key, error) {
	if _, err := time.Parse(backup.DayLayout, day); err != nil {
		return "", fmt.Errorf("%q is no day of an export: write it as 2026-11-21", day)
	}
	return blob.BackupKey(org, day+"/manifest.json")
}

// fileKey has the attempt in it: a run that died leaves files that the next one does not trip over.
func fileKey(org id.Org, day string, attempt id.Event, table string) (blob.Key, error) {
	return blob.BackupKey(org, fmt.Sprintf("%s/%s/%s.ndjson.gz", day, attempt, table))
}

// Checked says whether content is the file that was stored, byte for byte.
func (f File) Checked(content []byte) bool {
	sum := blob.SumOf(content)
	return int64(len(content)) == f.Bytes && hex.EncodeToString(sum[:]) == f.SHA256
}
