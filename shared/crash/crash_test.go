package crash_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hooks are texts of the crash hook, and of a point that the charge's code names.
var hooks = []string{"CRASH_AT", "CRASH_FILE", "CRASH_LOG", "before result commit", "answer understood"}

func TestOnlyABuildWithTheTagHoldsTheHook(t *testing.T) {
	for name, tc := range map[string]struct {
		tags string
		held bool
	}{
		"a binary as it is deployed holds none of its texts":    {tags: "lambda.norpc,timetzdata"},
		"a binary for fault tests holds all, so the scan works": {tags: "lambda.norpc,timetzdata,fitkit_testhooks", held: true},
	} {
		t.Run(name, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), "bootstrap")
			build(t, binary, tc.tags, "../../functions/job-billing-execute-charge")
			content, err := os.ReadFile(binary)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range hooks {
				if bytes.Contains(content, []byte(text)) != tc.held {
					t.Errorf("%q: held is not %t", text, tc.held)
				}
			}
		})
	}
}

func TestAt(t *testing.T) {
	visitor := filepath.Join(t.TempDir(), "visitor")
	build(t, visitor, "fitkit_testhooks", "./testdata/visitor")
	for name, tc := range map[string]struct {
		env  string
		file string
		want string // of visitor's points, the one that ends it
	}{
		"without orders nothing happens":           {},
		"the point in CRASH_AT ends the process":   {env: "CRASH_AT=at the second", want: "at the second"},
		"a point of the file ends the process":     {file: "elsewhere 1\nat the second 1\n", want: "at the second"},
		"any is whichever point is visited first":  {file: "any 1", want: "at the first"},
		"a line without a number means each visit": {file: "at the third", want: "at the third"},
		"a point of one thing ends the process":    {file: "at the fourth of the one", want: "at the fourth of the one"},
		"of another thing it does not":             {file: "at the fourth of the other\nat the fourth"},
		"one in very many hardly ever happens":     {file: "any 2000000000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			orders, log := filepath.Join(dir, "orders"), filepath.Join(dir, "log")
			if err := os.WriteFile(orders, []byte(tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(visitor)
			cmd.Env = []string{"CRASH_FILE=" + orders, "CRASH_LOG=" + log, tc.env}
			out, err := cmd.Output()
			noted, _ := os.ReadFile(log) // missing when nothing was obeyed
			if died := err != nil; died != (tc.want != "") || strings.TrimSpace(string(noted)) != tc.want {
				t.Errorf("ended with %v, noted %q after %q", err, noted, out)
			}
		})
	}
}

func build(t *testing.T, binary, tags, folder string) {
	t.Helper()
	out, err := exec.Command("go", "build", "-tags", tags, "-trimpath", "-ldflags", "-s -w", "-o", binary, folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
