// Package vectors reads the JSON files of testdata/vectors for tests. Only tests import it.
package vectors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Variable names the environment variable that puts another folder, holding files of the
// same names and form, in the place of testdata/vectors.
const Variable = "FITKIT_VECTORS"

// Load decodes the vector file name (with its extension) into a T, and ends the test when it cannot.
func Load[T any](t testing.TB, name string) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(Read(t, name), &out); err != nil {
		t.Fatalf("vectors: %s is not of the expected form: %v", name, err)
	}
	return out
}

// Read returns the bytes of the vector file name, and ends the test when it cannot.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder(t), name))
	if err != nil {
		t.Fatalf("vectors: %v", err)
	}
	return data
}

// folder is FITKIT_VECTORS (a relative one counts from the module's root) or testdata/vectors.
func folder(t testing.TB) string {
	t.Helper()
	given := os.Getenv(Variable)
	if filepath.IsAbs(given) {
		return given
	}
	if given == "" {
		given = filepath.Join("testdata", "vectors")
	}
	return filepath.Join(moduleRoot(t), given)
}

// moduleRoot is the nearest folder above the running test that holds a go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("vectors: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("vectors: no go.mod above the test's folder")
		}
		dir = parent
	}
}
