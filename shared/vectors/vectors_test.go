package vectors

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheCommittedFolderIsFoundFromAnyPackage(t *testing.T) {
	t.Setenv(Variable, "")
	if got := Load[[]string](t, "blns.json"); len(got) == 0 {
		t.Fatal("blns.json is empty")
	}
}

func TestAnotherFolderTakesTheCommittedOnesPlace(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "blns.json"), []byte(`["only this"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Variable, dir)
	if got := Load[[]string](t, "blns.json"); len(got) != 1 || got[0] != "only this" {
		t.Fatalf("read %q from the wrong folder", got)
	}
}
