package workflows

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A downloaded artifact may be the work of a pull request: over the checkout it would replace what runs next with the job's
// rights. Red with path: . in either workflow that deploys.
func TestNoArtifactIsDownloadedOverTheCheckout(t *testing.T) {
	found := 0
	for name, w := range all(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if !strings.HasPrefix(s.Uses, "actions/download-artifact@") {
					continue
				}
				found++
				if !strings.HasPrefix(s.With["path"], "${{ runner.temp }}/") {
					t.Errorf("%s, %s: downloads into %q", name, id, s.With["path"])
				}
			}
		}
	}
	if found == 0 {
		t.Error("no workflow downloads an artifact")
	}
}

// Red with the whole download copied, and without the look for links.
func TestOfABuildOnlyItsFilesAreTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		link string // what is a link in the download
		want bool
	}{
		"a build":                      {"", true},
		"a function that is a link":    {".local/zips/api-x.zip", false},
		"a folder that is a link":      {".aws-sam/build", false},
		"a link that nobody would use": {"infra/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			runner, checkout := t.TempDir(), t.TempDir()
			put := func(root, path, text string) {
				path = filepath.Join(root, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range []string{"Makefile", ".local/tools/sam", ".aws-sam/build.toml", ".local/zips/api-a.zip", ".local/migrations/00001_a.sql", "migrations/00001_a.sql"} {
				put(runner, "release/"+path, "the pull request's")
			}
			if tc.link != ".aws-sam/build" {
				put(runner, "release/.aws-sam/build/template.yaml", "the pull request's")
			}
			if tc.link != "" {
				put(runner, "release/"+filepath.Dir(tc.link)+"/file", "")
				if err := os.Symlink("/etc", filepath.Join(runner, "release", tc.link)); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range []string{"Makefile", ".local/tools/sam", ".local/zips/api-old.zip", ".local/migrations/00001_old.sql", "migrations/00001_a.sql"} {
				put(checkout, path, "main's")
			}
			out, err := script(t, checkout, "infra/tools/deploy/take.sh", []string{"RUNNER_TEMP=" + runner})
			if (err == nil) != tc.want {
				t.Fatalf("%v %s", err, out)
			}
			want := map[string]string{"Makefile": "main's", ".local/tools/sam": "main's", ".aws-sam/build.toml": "", "migrations/00001_a.sql": "main's"}
			if tc.want {
				want[".aws-sam/build/template.yaml"], want[".local/zips/api-a.zip"], want[".local/zips/api-old.zip"] = "the pull request's", "the pull request's", ""
				want[".local/migrations/00001_a.sql"], want[".local/migrations/00001_old.sql"] = "the pull request's", ""
			}
			for path, text := range want {
				if got, _ := os.ReadFile(filepath.Join(checkout, path)); string(got) != text {
					t.Errorf("%s is %q, want %q", path, got, text)
				}
			}
		})
	}
}

// What is built lays its migrations out as plain SQL: a preview's branch gets them. Red with the folder's other files copied too.
func TestABuildLaysItsMigrationsOut(t *testing.T) {
	reads(t, "Makefile", "migrations")
	c := newCheckout(t)
	c.put(filepath.Join(c.dir, ".local/migrations/00001_old.sql"), "", 0o644)
	cmd := exec.Command("make", "lay-migrations")
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names := func(pattern string) (names []string) {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			names = append(names, filepath.Base(file))
		}
		return names
	}
	want, got := names(filepath.Join(repository, "migrations/*.sql")), names(filepath.Join(c.dir, ".local/migrations/*"))
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("laid out %v, want %v", got, want)
	}
}
