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
	dir := t.TempDir()
	from, to, functions := filepath.Join(dir, "build"), filepath.Join(dir, "bin"), filepath.Join(dir, "functions")
	for _, name := range []string{"api-a-b", "job-a-b"} {
		put(t, filepath.Join(from, name), "new")
		put(t, filepath.Join(functions, name, "main.go"), "package main")
	}
	put(t, filepath.Join(functions, "api-of-previews", "main.go"), "//go:build fitkit_testhooks\n\npackage main")
	put(t, filepath.Join(to, "api-of-previews", "bootstrap"), "of a preview")
	put(t, filepath.Join(from, "api-gone"), "built before it was removed")
	for range 2 {
		n, err := pack(from, to, functions)
		if n != 2 || err != nil {
			t.Fatalf("%d packed, %v", n, err)
		}
	}
	put(t, filepath.Join(to, "api-gone", "bootstrap"), "old")
	if err := os.Remove(filepath.Join(from, "api-a-b")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(from, "api-a-b"), "newer") // go build -o replaces the file
	if _, err := pack(from, to, functions); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(to, "api-a-b", "bootstrap"))
	if err != nil || string(got) != "newer" {
		t.Errorf("bootstrap is %q, %v", got, err)
	}
	for _, gone := range []string{"api-gone", "api-of-previews"} {
		if _, err := os.Stat(filepath.Join(to, gone)); !os.IsNotExist(err) {
			t.Errorf("%s stayed: %v", gone, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(to, "*", "*.next")); err != nil || left != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAFunctionThatWasNotBuiltIsAnError(t *testing.T) {
	functions := t.TempDir()
	put(t, filepath.Join(functions, "api-a-b", "main.go"), "package main")
	if _, err := pack(t.TempDir(), t.TempDir(), functions); err == nil {
		t.Error("packed nothing and said nothing")
	}
}
