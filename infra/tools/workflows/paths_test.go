package workflows

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unread is what no build or test reads: files and folders of the root, and what stands beside the workflows.
var unread = map[string]string{
	"README.md":              "is for people",
	".gitignore":             "says what git leaves out",
	".gitattributes":         "says how changes are shown",
	".ci":                    "calls make test, as the workflow does",
	".github/dependabot.yml": "is read by GitHub alone",
	"docs":                   "is for people, but for the files that code names",
}

// document is how code names a file of docs.
var document = regexp.MustCompile(`"(?:\.\./)*(docs/[a-z-]+\.[a-z]+)"`)

// A change that no gate saw fails on main, after the approval. Red with each line of the filter left out, and with one that
// names nothing.
func TestThePullRequestGateStartsAtWhateverABuildOrATestReads(t *testing.T) {
	out, err := exec.Command("git", "-C", repository, "ls-files").Output()
	if err != nil {
		t.Skipf("which files are the repository's only git knows: %v", err)
	}
	tracked := strings.Fields(string(out))
	paths := filter(t)
	for _, pattern := range paths {
		if !slices.ContainsFunc(tracked, func(file string) bool { return starts([]string{pattern}, file) }) {
			t.Errorf("the filter names %s, which is not there", pattern)
		}
	}
	for _, file := range tracked {
		entry, _, _ := strings.Cut(file, "/")
		if unread[entry] == "" && unread[file] == "" && !starts(paths, file) {
			t.Errorf("%s starts no gate: put it into the filter of ci-smoke-tests.yml, or here with the reason", file)
		}
		if filepath.Ext(file) != ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range document.FindAllStringSubmatch(string(text), -1) {
			if !starts(paths, m[1]) {
				t.Errorf("%s reads or writes %s, which starts no gate", file, m[1])
			}
		}
	}
}

func filter(t *testing.T) (paths []string) {
	t.Helper()
	on, _ := all(t)["ci-smoke-tests.yml"].On["pull_request"].(map[string]any)
	list, _ := on["paths"].([]any)
	for _, entry := range list {
		paths = append(paths, entry.(string))
	}
	if len(paths) == 0 {
		t.Fatal("ci-smoke-tests.yml has no filter")
	}
	return paths
}

// starts says whether a file is in the filter: by its name, or by its folder before /**.
func starts(paths []string, file string) bool {
	return slices.ContainsFunc(paths, func(pattern string) bool {
		folder, whole := strings.CutSuffix(pattern, "**")
		return pattern == file || whole && strings.HasPrefix(file, folder)
	})
}
