// Package preflight_test tries the script that looks for the tools FitKit needs.
package preflight_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tools makes a PATH with stand-ins for the named programs beside a few that the script itself uses.
func tools(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sed, err := exec.LookPath("sed")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sed, filepath.Join(dir, "sed")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTheScriptNamesTheFirstToolThatIsMissing: the cases of venv and of Node's version were seen red with the script that asked
// only whether python3, pip and node are there.
func TestTheScriptNamesTheFirstToolThatIsMissing(t *testing.T) {
	const current, old = "echo go1.26.8", "echo go1.24.1"
	const node = "echo v20.20.2"
	// Read here and not by the shell: go test would answer from its cache when only the script has changed.
	script, err := os.ReadFile("preflight.sh")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		scripts map[string]string
		want    string
	}{
		"a complete machine":       {map[string]string{"go": current, "python3": "exit 0", "node": node, "npm": ""}, ""},
		"a development Go":         {map[string]string{"go": "echo devel go1.27-abc", "python3": "exit 0", "node": node, "npm": ""}, ""},
		"no Go":                    {map[string]string{"python3": "exit 0"}, "FitKit needs Go 1.26 or newer"},
		"an old Go":                {map[string]string{"go": old}, "this is go1.24.1"},
		"a Go that does not run":   {map[string]string{"go": "exit 1"}, "The go on PATH does not run"},
		"no Python":                {map[string]string{"go": current}, "FitKit needs Python 3"},
		"Python without pip":       {map[string]string{"go": current, "python3": "exit 1"}, "FitKit needs pip"},
		"Python without venv":      {map[string]string{"go": current, "python3": `[ "$1" != -c ]`}, "apt-get install python3-venv"},
		"an old Node":              {map[string]string{"go": current, "python3": "exit 0", "node": "echo v18.20.4", "npm": ""}, "needs Node.js 20 or newer (this is v18.20.4)"},
		"a newer Node":             {map[string]string{"go": current, "python3": "exit 0", "node": "echo v22.1.0", "npm": ""}, ""},
		"a Node that does not run": {map[string]string{"go": current, "python3": "exit 0", "node": "exit 1", "npm": ""}, "The node on PATH does not run"},
		"no Node":                  {map[string]string{"go": current, "python3": "exit 0"}, "FitKit needs Node.js"},
		"Node as Debian splits it": {map[string]string{"go": current, "python3": "exit 0", "node": node}, "FitKit needs npm"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("/bin/sh", "-c", string(script))
			cmd.Env = []string{"PATH=" + tools(t, tc.scripts)}
			out, err := cmd.CombinedOutput()
			if tc.want == "" {
				if err != nil || len(out) > 0 {
					t.Errorf("%v: %s", err, out)
				}
				return
			}
			if err == nil || !strings.Contains(string(out), tc.want) || strings.Count(string(out), "\n") != 1 {
				t.Errorf("%v, %q; want one line with %q", err, out, tc.want)
			}
		})
	}
}
