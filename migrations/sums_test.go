package migrations

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// SHA256SUMS is the migrations as they have been applied somewhere, in the form of sha256sum.
//
//go:embed SHA256SUMS
var sums string

// TestWhatHasBeenAppliedIsNotEdited: a database never runs a migration twice, so whoever has the former text keeps it. Three were
// edited once, and databases that were older lacked a function that every job calls (00012).
func TestWhatHasBeenAppliedIsNotEdited(t *testing.T) {
	var want strings.Builder
	names, err := fs.Glob(FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(text), name)
	}
	if sums != want.String() {
		t.Errorf("SHA256SUMS does not say what the files are. Take the edit of an older migration back and write a new one; a new one's\nline is added by (cd migrations && sha256sum *.sql >SHA256SUMS):\n%s", want.String())
	}
}
