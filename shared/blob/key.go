package blob

import (
	"strings"

	"fitkit/shared/fail"
	"fitkit/shared/id"
)

// Key is where an object is: org/<organisation>/<folder>/<id>, and for copies backups/org/<organisation>/<name>. Only NewKey,
// BackupKey and ParseKey make one.
type Key string

// backups stands before the organisation, because the store's lifecycle rules go by the beginning of a key: one rule removes every
// studio's old copies, also those of a studio that is no more.
const backups = "backups/"

// errForeignKey is a mistake of ours or a row that was tampered with, never a caller's input.
var errForeignKey = fail.New(fail.Internal, "blob.foreign_key", "This file belongs to another place.", "הקובץ שייך למקום אחר.")

// NewKey is the key of a studio's new object. folder is a word of ours, such as uploads; object is an id of ours.
func NewKey[K any](org id.Org, folder string, object id.Of[K]) Key {
	return Key(prefix(org) + folder + "/" + object.String())
}

// BackupKey is the key of a file of a studio's copy; name may have folders. The store removes it when it is old (docs/storage.md).
func BackupKey(org id.Org, name string) (Key, error) { return ParseKey(org, backups+prefix(org)+name) }

// ParseKey reads a stored key and refuses one that is not the studio's.
func ParseKey(org id.Org, text string) (Key, error) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(text, backups), prefix(org))
	if !ok || rest == "" || rest[0] == '/' || strings.Contains(rest, "..") || strings.Contains(rest, "//") || strings.HasSuffix(rest, "/") {
		return "", errForeignKey
	}
	return Key(text), nil
}

func prefix(org id.Org) string { return "org/" + org.String() + "/" }
