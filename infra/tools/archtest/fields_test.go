package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusedFieldsAreSaidInBothLanguages: they are made by fail.At, which asks for both. It was seen red with a literal of one.
func TestRefusedFieldsAreSaidInBothLanguages(t *testing.T) {
	err := filepath.WalkDir(filepath.Join(root, "shared"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		source, err := os.ReadFile(path)
		if strings.Contains(string(source), "fail.Field{") {
			t.Errorf("%s makes a fail.Field by itself: fail.At asks for the Hebrew too", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
