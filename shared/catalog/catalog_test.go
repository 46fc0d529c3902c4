package catalog_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/catalog"
	"fitkit/shared/run"
)

func names(specs []run.Spec) []string {
	out := make([]string, len(specs))
	for i, s := range specs {
		out[i] = s.Name
	}
	return out
}

// everything is All and the test hooks.
func everything() []run.Spec { return append(catalog.All(), catalog.TestHooks()...) }

func TestEveryFolderInFunctionsIsListedAndEveryListedFunctionHasAFolder(t *testing.T) {
	mains, err := filepath.Glob("../../functions/*/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("no functions found: %v", err)
	}
	var folders []string
	for _, main := range mains {
		folders = append(folders, filepath.Base(filepath.Dir(main)))
	}
	listed := names(everything())
	for _, folder := range folders {
		if !slices.Contains(listed, folder) {
			t.Errorf("functions/%s is not in shared/catalog/catalog.go: add its line", folder)
		}
	}
	for _, name := range listed {
		if !slices.Contains(folders, name) {
			t.Errorf("shared/catalog lists %s, but there is no functions/%s/main.go", name, name)
		}
	}
}

func TestNamesAreUniqueAndWellFormed(t *testing.T) {
	form := regexp.MustCompile(`^(api|hook|job|cron|socket)-[a-z]+(-[a-z0-9]+)+$`)
	seen := map[string]bool{}
	for _, s := range everything() {
		if !form.MatchString(s.Name) {
			t.Errorf("%q is not <trigger>-<domain>-<verb>[-<object>]", s.Name)
		}
		if seen[s.Name] {
			t.Errorf("%s is listed twice", s.Name)
		}
		seen[s.Name] = true
		if s.Summary == "" {
			t.Errorf("%s has no Summary; documents are made from it", s.Name)
		}
	}
}

// The build tag is part of it: without it a test hook would be built into what is deployed.
func TestEveryMainSaysWhichFunctionItIs(t *testing.T) {
	hooks := names(catalog.TestHooks())
	for _, s := range everything() {
		source, err := os.ReadFile("../../functions/" + s.Name + "/main.go")
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		want := "// Command " + s.Name + " "
		if slices.Contains(hooks, s.Name) {
			want = "//go:build fitkit_testhooks\n\n" + want
		}
		if !strings.HasPrefix(string(source), want) {
			t.Errorf("functions/%s/main.go does not begin with %q", s.Name, want)
		}
	}
}
