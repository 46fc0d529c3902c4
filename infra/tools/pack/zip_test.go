package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheSameBinaryMakesTheSameBytesWheneverAndWhereverItWasBuilt(t *testing.T) {
	zipped := func(binary string, mode os.FileMode, built time.Time) []byte {
		dir := t.TempDir()
		path := filepath.Join(dir, "bin", "api-a-b", "bootstrap")
		put(t, path, binary)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, built, built); err != nil {
			t.Fatal(err)
		}
		if err := zipAll(filepath.Join(dir, "bin"), filepath.Join(dir, "zips")); err != nil {
			t.Fatal(err)
		}
		out, err := os.ReadFile(filepath.Join(dir, "zips", "api-a-b.zip"))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	today := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	first := zipped("binary", 0o755, today)
	if again := zipped("binary", 0o700, today.AddDate(0, 1, 0)); !bytes.Equal(first, again) {
		t.Error("another day and another umask made another package: an unchanged function would be deployed again")
	}
	if other := zipped("binary.", 0o755, today); bytes.Equal(first, other) {
		t.Error("another binary made the same package")
	}
	r, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil || len(r.File) != 1 || r.File[0].Name != "bootstrap" || r.File[0].Mode() != 0o755 {
		t.Fatalf("%v: %+v", err, r)
	}
	f, err := r.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); err != nil || string(text) != "binary" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestPackagesOfFormerFunctionsGo(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "bin", "api-a-b", "bootstrap"), "binary")
	put(t, filepath.Join(dir, "zips", "api-gone.zip"), "old")
	if err := zipAll(filepath.Join(dir, "bin"), filepath.Join(dir, "zips")); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "zips", "*")); err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}
