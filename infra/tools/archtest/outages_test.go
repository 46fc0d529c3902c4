package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var proof = regexp.MustCompile(`\| (Test[A-Za-z0-9]+(?:, Test[A-Za-z0-9]+)*) \|$`)

// TestEveryLineOfOutagesNamesATestThatExists was seen red with a test of a former name.
func TestEveryLineOfOutagesNamesATestThatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/outages.md"))
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	lines := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| down |") {
			continue
		}
		lines++
		m := proof.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no test proves: %s", line)
			continue
		}
		for name := range strings.SplitSeq(m[1], ", ") {
			missing[name] = true
		}
	}
	for _, folder := range []string{"shared", "infra"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for name := range missing {
				if strings.Contains(string(source), "\nfunc "+name+"(t *testing.T)") {
					delete(missing, name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(missing) > 0 || lines < 15 {
		t.Errorf("%d lines; tests that are nowhere: %v", lines, missing)
	}
}
