package workflows

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// programs makes a folder for PATH with stand-ins, each a shell text; every call is noted in the file calls.
func programs(t *testing.T, scripts map[string]string) (path, calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	for name, text := range scripts {
		text = "#!/bin/sh\necho \"" + name + " $*\" >>" + calls + "\n" + text + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir + ":" + os.Getenv("PATH"), calls
}

func script(t *testing.T, dir, name string, env []string, args ...string) (string, error) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = dir, slices.Concat(env, []string{"HOME=" + t.TempDir()})
	if !strings.Contains(strings.Join(env, "\n"), "PATH=") {
		cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func noted(t *testing.T, calls string) string {
	t.Helper()
	raw, err := os.ReadFile(calls)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(raw)
}

// Whatever can refuse comes before the first change, and every failure says its sentence. Red with the keys asked for after the
// migration alone, and with a migration that fails in silence.
func TestADeploymentChecksThenMigratesThenDeploys(t *testing.T) {
	const release = "go run ./infra/tools/release -stage staging "
	const check, parameters = release + "check", "|" + release + "parameters -out FILE"
	const look, before = "|" + release + "exec -- go run ./infra/tools/migrate -check", "|" + release + "exec -- go run ./infra/tools/checkkeys -before-migration"
	const migrate, keys, deploy = "|" + release + "exec -- go run ./infra/tools/migrate", "|" + release + "exec -- go run ./infra/tools/checkkeys", "|sam deploy"
	const refused, checked = "Nothing was changed.", check + parameters + look + before
	for name, tc := range map[string]struct{ goDoes, sam, want, says string }{
		"all goes well": {"", "", checked + migrate + keys + deploy, ""},
		"a check that fails stops before anything is changed": {`case "$*" in *release*check) exit 1;; esac`, "", check, refused},
		"a parameter that is missing too":                     {`case "$*" in *parameters*) exit 1;; esac`, "", check + parameters, refused},
		"a database that refuses the migrations too":          {`case "$*" in *migrate\ -check) exit 1;; esac`, "", check + parameters + look, refused},
		"a key that opens nothing too":                        {`case "$*" in *-before-migration) exit 1;; esac`, "", checked, refused},
		"a migration that fails says what is left":            {`case "$*" in *migrate) exit 1;; esac`, "", checked + migrate + "|" + release + "outcome migration", ""},
		"a key that could only be asked for then":             {`case "$*" in *checkkeys) exit 1;; esac`, "", checked + migrate + keys + "|" + release + "outcome keys", ""},
		"a deployment that fails says what is left":           {"", "exit 1", checked + migrate + keys + deploy + "|" + release + "outcome deployment", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path, calls := programs(t, map[string]string{"go": tc.goDoes, "sam": tc.sam})
			out, err := script(t, t.TempDir(), "infra/tools/deploy/deploy.sh", []string{"PATH=" + path, "STAGE=staging"}, "sam")
			if (err == nil) != (tc.goDoes == "" && tc.sam == "") || strings.Contains(out, refused) != (tc.says == refused) {
				t.Errorf("ended with %v\n%s", err, out)
			}
			var got []string
			for line := range strings.Lines(noted(t, calls)) {
				line = strings.TrimSpace(line)
				if i := strings.Index(line, "-out "); i > 0 {
					line = line[:i] + "-out FILE"
				}
				if strings.HasPrefix(line, "sam deploy") {
					if !strings.Contains(line, "--config-env staging") || !strings.Contains(line, "file:///") || strings.Contains(line, "--stack-name") {
						t.Errorf("called %s", line)
					}
					line = "sam deploy"
				}
				got = append(got, line)
			}
			if all := strings.Join(got, "|"); all != tc.want {
				t.Errorf("called\n%s\nwant\n%s", all, tc.want)
			}
		})
	}
}

func TestAPreviewIsDeployedUnderItsOwnName(t *testing.T) {
	path, calls := programs(t, map[string]string{"go": "", "sam": ""})
	if out, err := script(t, t.TempDir(), "infra/tools/deploy/deploy.sh", []string{"PATH=" + path, "STAGE=preview", "STACK=fitkit-pr-12"}, "sam"); err != nil {
		t.Fatal(out)
	}
	if got := noted(t, calls); !strings.Contains(got, "--stack-name fitkit-pr-12") {
		t.Error(got)
	}
}

func TestOnlyAPreviewsStackIsRemoved(t *testing.T) {
	for stack, ok := range map[string]bool{"fitkit-pr-12": true, "": false, "fitkit-prod": false, "fitkit-staging": false, "fitkit-pr-": false,
		"fitkit-pr-1 --stack-name fitkit-prod": false, "fitkit-pr-1;id": false, "fitkit-pr-12x": false, "x-fitkit-pr-12": false} {
		path, calls := programs(t, map[string]string{"sam": ""})
		_, err := script(t, t.TempDir(), "infra/tools/deploy/remove.sh", []string{"PATH=" + path, "STACK=" + stack}, "sam")
		if got := noted(t, calls); (err == nil) != ok || (got != "") != ok || ok && !strings.HasPrefix(got, "sam delete --stack-name "+stack+" --region eu-central-1") {
			t.Errorf("%q: %v, called %q", stack, err, got)
		}
	}
}

func TestThePreviewsOfClosedPullRequestsAreReaped(t *testing.T) {
	const pulls = `case "$*" in *pulls/1\ *) echo open;; *pulls/2\ *|*pulls/12\ *) echo closed;; *) echo HTTP 502 >&2; exit 1;; esac`
	for name, tc := range map[string]struct{ stacks, make, want, says string }{
		"one was missed":                       {"fitkit-pr-1 fitkit-pr-12 fitkit-pr-12-Billing-1AB2 fitkit-pr-x", "", "fitkit-pr-12", ""},
		"none is left":                         {"", "", "", ""},
		"one cannot be removed, the next goes": {"fitkit-pr-2 fitkit-pr-12", `test "$STACK" != fitkit-pr-2`, "fitkit-pr-2 fitkit-pr-12", "may still be there; remove each by make preview-remove preview-branch-remove STACK=…: fitkit-pr-2\n"},
		"one whose pull request nobody knows":  {"fitkit-pr-3", "", "", "may still be there; remove each by make preview-remove preview-branch-remove STACK=…: fitkit-pr-3\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path, calls := programs(t, map[string]string{"aws": "echo '" + tc.stacks + "'", "gh": pulls, "make": `echo "removed $STACK" >>"$(dirname "$0")/calls"` + "\n" + tc.make})
			out, err := script(t, t.TempDir(), "infra/tools/preview/reap.sh", []string{"PATH=" + path, "GITHUB_REPOSITORY=acme/fitkit"})
			var removed []string
			for line := range strings.Lines(noted(t, calls)) {
				if stack, ok := strings.CutPrefix(line, "removed "); ok {
					removed = append(removed, strings.TrimSpace(stack))
				}
			}
			if got := strings.Join(removed, " "); got != tc.want || (err == nil) != (tc.says == "") || !strings.HasSuffix(out, tc.says) {
				t.Errorf("removed %q, want %q: %v\n%s", got, tc.want, err, out)
			}
		})
	}
}

func TestAForkGetsNoPreview(t *testing.T) {
	for name, tc := range map[string]struct{ pull, answer, want string }{
		"a pull request of ours": {"12", "open acme/fitkit 0a1b", "head=0a1b\n"},
		"a fork's":               {"12", "open mallory/fitkit 0a1b", "comes from a fork"},
		"one that was deleted":   {"12", "open  0a1b", "comes from a fork"},
		"one that was closed":    {"12", "closed acme/fitkit 0a1b", "is not open"},
		"a number that is none":  {"12/../../x", "open acme/fitkit 0a1b", "is not the number"},
		"no number":              {"", "open acme/fitkit 0a1b", "is not the number"},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := programs(t, map[string]string{"gh": "echo '" + tc.answer + "'"})
			out, err := script(t, t.TempDir(), "infra/tools/preview/head.sh", []string{"PATH=" + path, "PULL_NUMBER=" + tc.pull, "GITHUB_REPOSITORY=acme/fitkit"})
			if !strings.Contains(out, tc.want) || (err == nil) != strings.HasPrefix(tc.want, "head=") || err != nil && strings.Contains(out, "head=") {
				t.Errorf("%v %q", err, out)
			}
		})
	}
}

func TestASearchFindsLinesAndRunsNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a\n// Find me.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
	for name, tc := range map[string]struct{ pattern, paths, want string }{
		"a word":                      {"Find (me|you)", "", "1 match(es)\n\n    a.go:2:// Find me.\n"},
		"a word in a folder":          {"Find", "a.go", "    a.go:2:// Find me.\n"},
		"nothing":                     {"nowhere", "", "0 match(es)"},
		"an option for a pattern":     {"--open-files-in-pager=touch pwned", "", "0 match(es)"},
		"a command for a pattern":     {"$(touch pwned)`touch pwned`", "", "0 match(es)"},
		"a command for a path":        {"Find", "; touch pwned", "0 match(es)"},
		"an option for a path":        {"Find", "--open-files-in-pager=touch", "0 match(es)"},
		"a path outside":              {"root", "/etc/passwd", "0 match(es)"},
		"a broken regular expression": {"(", "", "0 match(es)"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := script(t, dir, "infra/tools/smegrep.sh", []string{"PATTERN=" + tc.pattern, "PATHS=" + tc.paths})
			if err != nil || !strings.Contains(out, tc.want) || strings.Contains(out, "root:") {
				t.Errorf("%v\n%s", err, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Fatal("a command was run")
			}
		})
	}
}

// deployed answers as a deployed API does to somebody who is not signed in, but for what is spoilt.
func deployed(spoil map[string]int, allow string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"/healthz": 200, "/v1/charges": 401, "/v1/sales": 401}[r.URL.Path]
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Origin", allow)
			status = http.StatusNoContent
		}
		if s := spoil[r.URL.Path]; s != 0 && r.Method != http.MethodOptions {
			status = s
		}
		w.WriteHeader(status)
	}))
}

func TestTheSmokeTestAsksThreeRoutesAndAPreflight(t *testing.T) {
	const origin = "https://app.fitkit.example"
	for name, tc := range map[string]struct {
		spoil map[string]int // status by path, for what is wrong
		allow string
		want  string
	}{
		"a sound API":                    {nil, origin, ""},
		"a database that is down":        {map[string]int{"/healthz": 503}, origin, "GET /healthz answered 503, not 200"},
		"a route that asks for no token": {map[string]int{"/v1/charges": 200}, origin, "GET /v1/charges answered 200"},
		"a stack that is missing":        {map[string]int{"/v1/sales": 404}, origin, "POST /v1/sales answered 404"},
		"another frontend let in":        {nil, "https://other.example", "is not let in"},
	} {
		t.Run(name, func(t *testing.T) {
			server := deployed(tc.spoil, tc.allow)
			defer server.Close()
			out, err := script(t, t.TempDir(), "infra/tools/smoke/smoke.sh", nil, server.URL, origin)
			if (err == nil) != (tc.want == "") || !strings.Contains(out, tc.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestADeployedStageIsAskedAtItsOwnAddress(t *testing.T) {
	for name, tc := range map[string]struct{ stage, aws, want string }{
		"no stage":                {"", "", "Say which stage: STAGE=preview, STAGE=staging or STAGE=production.\n"},
		"an unknown stage":        {"prod", "", "Say which stage: STAGE=preview, STAGE=staging or STAGE=production.\n"},
		"a stack nobody may read": {"staging", "echo 'Unable to locate credentials.' >&2; exit 255", "The stack fitkit-staging cannot be read: sign in to the account of staging, or deploy it first.\n"},
		"an API that is not there": {"production", `case "$*" in *ApiUrl*) echo http://127.0.0.1:1;; *) echo https://a.example,https://b.example;; esac`,
			"smoke: http://127.0.0.1:1 does not answer GET /healthz\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := programs(t, map[string]string{"aws": tc.aws})
			out, err := script(t, t.TempDir(), "infra/tools/deploy/smoke.sh", []string{"PATH=" + path, "STAGE=" + tc.stage})
			if err == nil || !strings.HasSuffix(out, tc.want) {
				t.Errorf("%v %q, want %q at its end", err, out, tc.want)
			}
		})
	}
}

func TestWithoutDockerTheTemplatesAreNotRunAndThatIsSaid(t *testing.T) {
	path, _ := programs(t, map[string]string{"docker": "exit 1"})
	out, err := script(t, t.TempDir(), "infra/tools/smoke/sam_smoke.sh", []string{"PATH=" + path}, "venv", "binaries")
	if err != nil || out != "Skipped: sam local runs functions in containers, and no docker daemon answers here.\n" {
		t.Errorf("%v %q", err, out)
	}
}
