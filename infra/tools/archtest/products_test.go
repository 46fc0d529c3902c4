package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	captured   = regexp.MustCompile(`obs\.Product\{Event: "([a-z_]+)"`)
	documented = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")
)

func TestEveryProductEventIsDocumented(t *testing.T) {
	var sent []string
	err := filepath.WalkDir(filepath.Join(root, "shared"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range captured.FindAllStringSubmatch(string(source), -1) {
			sent = append(sent, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs/product-events.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range documented.FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(sent)
	slices.Sort(listed)
	if !slices.Equal(sent, listed) {
		t.Errorf("the functions capture %q, docs/product-events.md lists %q", sent, listed)
	}
}
