package main

import (
	"os"
	"path/filepath"
	"testing"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestEveryBinaryBecomesABootstrapAndFormerFunctionsGo(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "build"), filepath.Join(t.TempDir(), "bin")
	put(t, filepath.Join(from, "api-a-b"), "new")
	put(t, filepath.Join(from, "job-a-b"), "job")
	for range 2 {
		n, err := pack(from, to)
		if n != 2 || err != nil {
			t.Fatalf("%d packed, %v", n, err)
		}
	}
	put(t, filepath.Join(to, "api-gone", "bootstrap"), "old")
	if err := os.Remove(filepath.Join(from, "api-a-b")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(from, "api-a-b"), "newer") // go build -o replaces the file
	if _, err := pack(from, to); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(to, "api-a-b", "bootstrap"))
	if err != nil || string(got) != "newer" {
		t.Errorf("bootstrap is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(to, "api-gone")); !os.IsNotExist(err) {
		t.Errorf("the former function stayed: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(to, "*", "*.next")); err != nil || left != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	if _, err := pack(filepath.Join(t.TempDir(), "nothing"), t.TempDir()); err == nil {
		t.Error("packed nothing and said nothing")
	}
}
