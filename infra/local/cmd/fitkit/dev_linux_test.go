package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/platform/platformtest"
)

// fitkit compiles this command once for all tests, to be killed as a process of its own.
func fitkit(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "fitkit")
	if said, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return binary
}

// running is a `fitkit dev` with a demo studio of two.
type running struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func runDev(t *testing.T, binary, dir string) running {
	t.Helper()
	cmd := exec.Command(binary, "-dir", dir, "dev", "-members", "2")
	cmd.Env = append(os.Environ(), "PORT=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return running{cmd, bufio.NewScanner(out)}
}

// waitFor reads on until a line holds text, and fails with all that was said when none does.
func (r running) waitFor(t *testing.T, text string) {
	t.Helper()
	var said strings.Builder
	for r.lines.Scan() {
		said.WriteString(r.lines.Text() + "\n")
		if strings.Contains(r.lines.Text(), text) {
			return
		}
	}
	t.Fatalf("it ended without %q and said:\n%s", text, said.String())
}

func TestDevIsKilledAndStartsAgain(t *testing.T) {
	binary, dir := fitkit(t), t.TempDir()
	t.Cleanup(func() {
		if err := platform.Reset(dir); err != nil {
			t.Error(err)
		}
	})
	first := runDev(t, binary, dir)
	first.waitFor(t, "FitKit runs (ready in ")
	t.Run("the commands ask it", func(t *testing.T) { commandsAnswer(t, dir) })

	t.Run("a kill leaves nothing behind", func(t *testing.T) {
		family := platformtest.Family(t, first.Process.Pid)
		if len(family) < 5 {
			t.Fatalf("only %d processes run: %v", len(family), family)
		}
		if err := first.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = first.Wait() // it was killed
		platformtest.WaitGone(t, family)
		if _, _, err := ask(t, dir, "urls"); err == nil || err.Error() != platform.ErrNotRunning.Error() {
			t.Errorf("urls says %v", err)
		}
	})
	t.Run("the next start works and Ctrl-C ends it", func(t *testing.T) {
		second := runDev(t, binary, dir)
		second.waitFor(t, "FitKit runs (ready in ")
		family := platformtest.Family(t, second.Process.Pid)
		if err := second.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		second.waitFor(t, "FitKit stops.")
		if err := second.Wait(); err != nil {
			t.Errorf("it ended with %v", err)
		}
		platformtest.WaitGone(t, family)
	})
}

// ask runs a command in this process.
func ask(t *testing.T, dir string, args ...string) (out, errOut string, err error) {
	t.Helper()
	var o, e strings.Builder
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err = run(ctx, append([]string{"-dir", dir}, args...), &o, &e)
	return o.String(), e.String(), err
}

func commandsAnswer(t *testing.T, dir string) {
	for name, tc := range map[string]struct {
		args           []string
		want, complain string
	}{
		"where everything is":                {args: []string{"urls"}, want: "/_sandbox/ledger"},
		"an endpoint with its roles":         {args: []string{"endpoints"}, want: "api-membership-create-plan"},
		"a hook without a sign-in":           {args: []string{"endpoints"}, want: "no sign-in"},
		"the owner's token":                  {args: []string{"token"}, want: "eyJ"},
		"a coach's token":                    {args: []string{"token", "-role", "coach"}, want: "eyJ"},
		"a member's token":                   {args: []string{"token", "-role", "member"}, want: "eyJ"},
		"nobody's token":                     {args: []string{"token", "-role", "king"}, complain: "The demo studio has no king to sign in as."},
		"a schedule":                         {args: []string{"cron", "job-relay", "-slot", "2026-01-01T00:00:00Z"}, want: `"ran":true`},
		"a schedule that is not there":       {args: []string{"cron", "nothing"}, complain: "There is no schedule nothing."},
		"a schedule with a wrong slot":       {args: []string{"cron", "job-relay", "-slot", "now"}, complain: "The slot must be a time such as"},
		"a schedule without a name":          {args: []string{"cron"}, complain: "Which schedule?"},
		"its data stay while it runs":        {args: []string{"reset"}, complain: "FitKit already runs from this folder"},
		"a second one in the folder":         {args: []string{"dev"}, complain: "FitKit already runs from this folder"},
		"a command that is not there: usage": {args: []string{"fly"}, complain: "help requested"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PORT", "0")
			out, _, err := ask(t, dir, tc.args...)
			if tc.complain != "" {
				if err == nil || !strings.Contains(err.Error(), tc.complain) {
					t.Errorf("said %v, want %q", err, tc.complain)
				}
				return
			}
			if err != nil || !strings.Contains(out, tc.want) {
				t.Errorf("answered %q, %v; want %q", out, err, tc.want)
			}
		})
	}
}

func TestCommandsSayPlainlyThatNothingRuns(t *testing.T) {
	for _, args := range [][]string{{"urls"}, {"token"}, {"endpoints"}, {"cron", "job-relay"}} {
		t.Run(args[0], func(t *testing.T) {
			if _, _, err := ask(t, t.TempDir(), args...); err == nil || err.Error() != "FitKit does not run from this folder. Start it with make dev." {
				t.Errorf("said %v", err)
			}
		})
	}
}

func TestThePortComesFromTheEnvironmentOrDotEnv(t *testing.T) {
	dotEnv := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(dotEnv, []byte("PORT=3005\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		text, file string
		want       int
		ok         bool
	}{
		"neither names one":        {want: 3001, ok: true},
		".env names one":           {file: dotEnv, want: 3005, ok: true},
		"the environment's counts": {text: "3007", file: dotEnv, want: 3007, ok: true},
		"any free one":             {text: "0", want: 0, ok: true},
		"no number":                {text: "http"},
		"no port":                  {text: "70000"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := portOf(tc.text, tc.file)
			if got != tc.want || (err == nil) != tc.ok {
				t.Errorf("got %d, %v; want %d", got, err, tc.want)
			}
		})
	}
}
