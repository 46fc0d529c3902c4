package e2e

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"fitkit/shared/catalog"
	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/run"
)

// start runs a binary until it ends or asks for its first event; then it is killed, and asked is true.
func start(binary string, env []string) (said string, code int, asked bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = asked || strings.HasSuffix(r.URL.Path, "/invocation/next")
		cancel()
		<-r.Context().Done()
	}))
	defer api.Close()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + api.Listener.Addr().String()}, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", 0, false, err
	}
	_ = cmd.Wait() // how it ended is in its state
	return out.String(), cmd.ProcessState.ExitCode(), asked, nil
}

func binary(function string) string { return filepath.Join(binaries, function, "bootstrap") }

// TestEveryFunctionNamesAllItsMissingVariablesAtOnce starts each with nothing set.
func TestEveryFunctionNamesAllItsMissingVariablesAtOnce(t *testing.T) {
	for _, f := range catalog.All() {
		said, code, asked, err := start(binary(f.Name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if code == 0 || asked || strings.Count(said, "cannot start") != 1 {
			t.Errorf("%s ended with %d after %q", f.Name, code, said)
		}
		for _, v := range missing(f) {
			if strings.Count(said, "  "+v+": ") != 1 {
				t.Errorf("%s does not name %s once: %s", f.Name, v, said)
			}
		}
	}
}

// missing are the variables without which f does not start.
func missing(f run.Spec) []string {
	var names []string
	for _, section := range need.Sections(f.Needs) {
		for _, v := range config.Variables(section) {
			if v.Default == "" && !v.Optional {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

// signedIn is a function that checks session tokens; its environment is the platform's.
const signedIn = "api-org-get-me"

// environment is the function's as the template grants it, with some values in the place of others.
func environment(t testing.TB, change map[string]string) []string {
	t.Helper()
	f, ok := running.Template.Function(signedIn)
	if !ok {
		t.Fatalf("the template has no %s", signedIn)
	}
	var env []string
	for name, value := range f.Env {
		if _, changed := change[name]; !changed {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range change {
		if value != unset {
			env = append(env, name+"="+value)
		}
	}
	return env
}

const unset = "\x00unset"

var (
	foreignStages = []string{"prod", "production", "PROD", "", unset, "staging", "unknown", "Local", "local ", "tests"}
	testStages    = []string{"local", "test", "ci", "preview"}
	switchedOn    = []string{"true", "1", "TRUE", "yes", " 1"}
)

// TestTestSignInsStopTheStart: outside the stages for tests no spelling of the switch starts, in a binary that has the test
// key as little as in one that has not; and where it may start, only "true" means true.
func TestTestSignInsStopTheStart(t *testing.T) {
	hooked := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-tags", "lambda.norpc,timetzdata,fitkit_testhooks", "-o", hooked, "./functions/"+signedIn)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var group errgroup.Group
	group.SetLimit(4)
	try := func(binary, stage, value string, want bool) {
		env := append(environment(t, map[string]string{"STAGE": stage, "TEST_AUTH_BYPASS": value}), "CI=true")
		group.Go(func() error {
			said, code, asked, err := start(binary, env)
			sentence := strings.Contains(said, "TEST_AUTH_BYPASS: ") || strings.Contains(said, "STAGE: ") || strings.Contains(said, "fitkit_testhooks")
			if err == nil && (asked != want || !want && (code == 0 || !sentence)) {
				t.Errorf("%s on stage %q with %q: started is %t, want %t; it said %q", filepath.Base(filepath.Dir(binary)), stage, value, asked, want, said)
			}
			return err
		})
	}
	for _, value := range switchedOn {
		for _, stage := range foreignStages {
			try(binary(signedIn), stage, value, false)
			try(hooked, stage, value, false)
		}
		for _, stage := range testStages {
			try(binary(signedIn), stage, value, false)
			try(hooked, stage, value, value == "true")
		}
	}
	for _, stage := range testStages { // without the switch every binary starts
		try(binary(signedIn), stage, "false", true)
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, text := range hookTexts {
		if !holds(t, hooked, text) {
			t.Errorf("a binary with the hooks does not hold %q: the search below finds nothing", text)
		}
	}
}

// hookTexts stand in binaries with test hooks: the test key.
var hookTexts = []string{"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApfXJSiMy3"}

// TestNoDeployedBinaryHoldsATestHook searches the bytes of every function, for the crash points and the sandboxes too.
func TestNoDeployedBinaryHoldsATestHook(t *testing.T) {
	never := append([]string{"fitkit_test_key", "CRASH_AT", "CRASH_FILE", "SETTINGS_FRESH_FOR", "infra/local", "sk_test_sandbox", "/_dev/token"}, hookTexts...)
	for _, f := range catalog.All() {
		for _, text := range never {
			if holds(t, binary(f.Name), text) {
				t.Errorf("%s holds %q", f.Name, text)
			}
		}
	}
}

func holds(t testing.TB, binary, text string) bool {
	t.Helper()
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(content, []byte(text))
}
