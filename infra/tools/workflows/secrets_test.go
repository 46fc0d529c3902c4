package workflows

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	allowed  = regexp.MustCompile(`(?m)^\[\[allowlists\]\]$`)
	reasoned = regexp.MustCompile(`(?m)^description = ".{30,}"$`)
	ruled    = regexp.MustCompile(`(?m)^targetRules = \[".+"\]$`)
	pathed   = regexp.MustCompile(`(?m)^paths = \[(.+)\]$`)
	quoted   = regexp.MustCompile(`'''(.+?)'''`)
)

// What the scanner of make secrets may pass over is a rule in files that are there, with the reason; where one of them is code,
// it is one text of that file too. Red without any of these lines, and with a file that is no more.
func TestTheScannerForSecretsPassesOverFilesForAReason(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "infra/tools/gitleaks.toml"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "-C", repository, "ls-files").Output()
	if err != nil {
		t.Skipf("which files are the repository's only git knows: %v", err)
	}
	lists := allowed.Split(string(raw), -1)[1:]
	if len(lists) == 0 {
		t.Fatal("no allowlist was found")
	}
	for _, list := range lists {
		if !reasoned.MatchString(list) || !ruled.MatchString(list) || !pathed.MatchString(list) {
			t.Errorf("without a reason, a rule or a path:%s", list)
			continue
		}
		for _, path := range quoted.FindAllStringSubmatch(pathed.FindStringSubmatch(list)[1], -1) {
			p := regexp.MustCompile(path[1])
			found, code := false, false
			for file := range strings.FieldsSeq(string(out)) {
				if p.MatchString(file) {
					found, code = true, code || filepath.Ext(file) == ".go"
				}
			}
			if !found {
				t.Errorf("no file is named %s", path[1])
			}
			if code && !(strings.Contains(list, "\ncondition = \"AND\"\n") && strings.Contains(list, "\nregexes = [")) {
				t.Errorf("any text of %s may pass", path[1])
			}
		}
	}
}

// A check that sees nothing passes always. Red without either of the script's two looks.
func TestAScannerForSecretsThatSeesNothingIsNotBelieved(t *testing.T) {
	scripted := func(depth string) string { // a clone of a repository with two commits
		from, to := t.TempDir(), t.TempDir()
		git := func(args ...string) {
			t.Helper()
			if out, err := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("%s", out)
			}
		}
		if err := os.MkdirAll(filepath.Join(from, "infra/tools"), 0o755); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(repository, "infra/tools/secrets.sh"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, "infra/tools/secrets.sh"), text, 0o755); err != nil {
			t.Fatal(err)
		}
		git("-C", from, "init", "-q")
		git("-C", from, "add", ".")
		git("-C", from, "commit", "-qm", "one")
		git("-C", from, "commit", "-qm", "two", "--allow-empty")
		git("clone", "-q", "--depth", depth, "file://"+from, to)
		return filepath.Join(to, "infra/tools/secrets.sh")
	}
	const sees = `case "$1" in stdin) ! grep -q ghp_;; esac`
	for name, tc := range map[string]struct{ depth, scanner, says string }{
		"it sees, and there is nothing": {"9", sees, ""},
		"it sees, and there is a find":  {"9", `case "$1" in stdin) ! grep -q ghp_;; *) echo a find; exit 1;; esac`, "a find\n"},
		"it sees nothing":               {"9", "", "did not find the token that it was shown"},
		"the history is cut":            {"1", sees, "run git fetch --unshallow"},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := programs(t, map[string]string{"gitleaks": tc.scanner})
			cmd := exec.Command(scripted(tc.depth), "gitleaks")
			cmd.Env = []string{"PATH=" + path}
			out, err := cmd.CombinedOutput()
			if (err == nil) != (tc.says == "") || !strings.Contains(string(out), tc.says) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
