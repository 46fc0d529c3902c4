package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const repository = "../../.."

func TestTheCommittedFilesFollowFromTheDeclarations(t *testing.T) {
	if err := generate(repository, true); err != nil {
		t.Fatal(err)
	}
}

// checkout is a folder with just the root template, generated into.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	template, err := os.ReadFile(filepath.Join(repository, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "template.yaml"), template, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := generate(root, false); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestWhatIsWrittenPassesTheCheck(t *testing.T) {
	if err := generate(checkout(t), true); err != nil {
		t.Fatal(err)
	}
}

func TestTheCheckNamesFileLineAndCommand(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, root string)
		want  string
	}{
		"a line that was edited": {func(t *testing.T, root string) {
			path := filepath.Join(root, "infra/stacks/membership.yaml")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			put(t, path, strings.Replace(string(text), "Description: 'FitKit: membership'", "Description: mine", 1))
		}, "infra/stacks/membership.yaml:4\n    committed: Description: mine\n    generated: Description: 'FitKit: membership'"},
		"a file that is not there": {func(t *testing.T, root string) {
			if err := os.Remove(filepath.Join(root, "infra/stacks/membership.yaml")); err != nil {
				t.Fatal(err)
			}
		}, "infra/stacks/membership.yaml:1"},
		"a template of a domain that is no more": {func(t *testing.T, root string) {
			put(t, filepath.Join(root, "infra/stacks/pilates.yaml"), "x")
		}, "pilates.yaml: its domain has no functions any more"},
	} {
		t.Run(name, func(t *testing.T) {
			root := checkout(t)
			tc.spoil(t, root)
			err := generate(root, true)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "make generate") {
				t.Fatalf("error %v does not say %q", err, tc.want)
			}
			if err := generate(root, false); err != nil {
				t.Fatal(err)
			}
			if err := generate(root, true); err != nil {
				t.Errorf("generating did not repair it: %v", err)
			}
		})
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
