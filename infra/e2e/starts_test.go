package e2e

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// charging is a function that is signed in to by nobody, and reaches a provider.
const charging = "job-billing-execute-charge"

// environment is the function's as the template grants it, with some values in the place of others.
func environment(t testing.TB, function string, change map[string]string) []string {
	t.Helper()
	f, ok := running.Template.Function(function)
	if !ok {
		t.Fatalf("the template has no %s", function)
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

// sound are settings that staging and production take too, so that a refusal is for what a test changes and nothing else.
var sound = map[string]string{"CLERK_ISSUER": "https://clerk.fitkit.example", "CARDCOM_API_URL": "https://secure.cardcom.solutions",
	"POSTHOG_HOST": unset, "POSTHOG_API_KEY": unset, "QUEUE_URL_PREFIX": "https://sqs.fitkit.example/1/fitkit-", "SQS_ENDPOINT_URL": unset,
	"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": strings.Repeat("0123456789abcdef", 4)}

// otherwise is sound with some values in the place of others.
func otherwise(change map[string]string) map[string]string {
	out := maps.Clone(sound)
	maps.Copy(out, change)
	return out
}

var (
	foreignStages = []string{"prod", "production", "PROD", "", unset, "staging", "unknown", "Local", "local ", "tests"}
	testStages    = []string{"local", "test", "ci", "preview"}
	switchedOn    = []string{"true", "1", "TRUE", "yes", " 1"}
)

// starts are processes that are tried a few at a time.
type starts struct {
	t     *testing.T
	group errgroup.Group
}

func newStarts(t *testing.T) *starts {
	s := &starts{t: t}
	s.group.SetLimit(4)
	return s
}

// try starts a binary and wants it to ask for an event, or to end with a sentence about one of the variables.
func (s *starts) try(binary string, env []string, want bool, about ...string) {
	s.group.Go(func() error {
		said, code, asked, err := start(binary, env)
		sentence := slices.ContainsFunc(about, func(name string) bool { return strings.Contains(said, name) })
		if err == nil && (asked != want || !want && (code == 0 || !sentence)) {
			s.t.Errorf("%s with %q: started is %t, want %t; it said %q", filepath.Base(filepath.Dir(binary)), interesting(env), asked, want, said)
		}
		return err
	})
}

// interesting are the few variables that these tests are about.
func interesting(env []string) (few []string) {
	for _, e := range env {
		if strings.HasPrefix(e, "STAGE=") || strings.HasPrefix(e, "TEST_") || strings.HasPrefix(e, "CI=") || strings.Contains(e, "_API_URL=") {
			few = append(few, e)
		}
	}
	return few
}

func (s *starts) wait() {
	if err := s.group.Wait(); err != nil {
		s.t.Fatal(err)
	}
}

// hooked builds a function with the test hooks.
func hooked(t *testing.T, function string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), function, "bootstrap")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-tags", "lambda.norpc,timetzdata,fitkit_testhooks", "-o", out, "./functions/"+function)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return out
}

// ci is what some would take for permission: with and without it, the answers are the same.
var ci = map[string][]string{"with CI": {"CI=true"}, "without CI": nil}

// TestTestSignInsStopTheStart: outside the stages for tests no spelling of the switch starts, in a binary that has the test
// key as little as in one that has not; and where it may start, only "true" means true.
func TestTestSignInsStopTheStart(t *testing.T) {
	withKey, s := hooked(t, signedIn), newStarts(t)
	about := []string{"TEST_AUTH_BYPASS: ", "STAGE: ", "fitkit_testhooks"}
	for _, more := range ci {
		try := func(binary, stage, value string, want bool) {
			s.try(binary, append(environment(t, signedIn, otherwise(map[string]string{"STAGE": stage, "TEST_AUTH_BYPASS": value})), more...), want, about...)
		}
		for _, value := range switchedOn {
			for _, stage := range foreignStages {
				try(binary(signedIn), stage, value, false)
				try(withKey, stage, value, false)
			}
			for _, stage := range testStages {
				try(binary(signedIn), stage, value, false)
				try(withKey, stage, value, value == "true")
			}
		}
		for _, stage := range testStages { // without the switch every binary starts
			try(binary(signedIn), stage, "false", true)
		}
	}
	s.wait()
	wantHeld(t, withKey, keyTexts)
}

// TestTestHooksStopTheStart asks the same of the seed and reset endpoints' switch, and of their secret: of a hook itself, built
// with its tag, and of a function that has nothing to do with them and reads neither. Red when run.New asked GuardHooks nothing.
func TestTestHooksStopTheStart(t *testing.T) {
	const seedStudio, known = "api-testhooks-seed-studio", "0123456789abcdef0123456789abcdef"
	hook, s := hooked(t, seedStudio), newStarts(t)
	about := []string{"TEST_HOOKS_ENABLED: ", "TEST_SEED_SECRET: ", "STAGE: ", "TEST_HOOKS_ENABLED must be true"}
	for _, more := range ci {
		try := func(binary, stage, value, secret string, want bool) {
			env := environment(t, "api-billing-connect-gateway", otherwise(map[string]string{"STAGE": stage, "TEST_HOOKS_ENABLED": value,
				"TEST_SEED_SECRET": secret, "SYSTEM_DATABASE_URL": "postgres://system@127.0.0.1:1/none"}))
			s.try(binary, append(env, more...), want, about...)
		}
		for _, stage := range foreignStages {
			for _, value := range switchedOn {
				try(hook, stage, value, known, false)
				try(binary(charging), stage, value, unset, false)
			}
			try(binary(charging), stage, unset, known, false)
		}
		for _, stage := range testStages {
			for _, value := range switchedOn {
				try(hook, stage, value, known, value == "true")
			}
			for _, secret := range []string{unset, "change-me", strings.Repeat("0", 64)} {
				try(hook, stage, "true", secret, false)
			}
			try(hook, stage, "false", known, false) // it is nothing but a hook
		}
	}
	s.wait()
	wantHeld(t, hook, slices.Concat(keyTexts, seedTexts))
}

// TestSandboxesStopTheStart: a provider's stand-in is for development. Red when config.Guard did not look at addresses.
func TestSandboxesStopTheStart(t *testing.T) {
	s := newStarts(t)
	for _, stage := range []string{"staging", "production"} {
		for url, want := range map[string]bool{sound["CARDCOM_API_URL"]: true, "http://secure.cardcom.solutions": false, "http://127.0.0.1:3102": false,
			"https://localhost:3102": false, "https://127.0.0.1:3102": false, running.Variables["CARDCOM_API_URL"]: false} {
			s.try(binary(charging), environment(t, charging, otherwise(map[string]string{"STAGE": stage, "CARDCOM_API_URL": url})), want, "CARDCOM_API_URL: ")
		}
	}
	s.wait()
}

func wantHeld(t *testing.T, binary string, texts []string) {
	t.Helper()
	for _, text := range texts {
		if !holds(t, binary, text) {
			t.Errorf("a binary with the hooks does not hold %q: the search of those without finds nothing", text)
		}
	}
}

// What stands in binaries with test hooks: the test key, and what makes a studio. The names of the switches are not among them:
// every binary has those, to refuse them.
var (
	keyTexts  = []string{"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApfXJSiMy3"}
	seedTexts = []string{"fitkit_test_key", "/v1/test/seed", "org_seed_", "user_seed_", "FitKit-Seed-Secret", "testhooksapi", "studiotest"}
)

// TestNoDeployedBinaryHoldsATestHook searches the bytes of every function, for the crash points, the sandboxes and debug routes too.
func TestNoDeployedBinaryHoldsATestHook(t *testing.T) {
	never := slices.Concat(keyTexts, seedTexts, []string{"CRASH_AT", "CRASH_FILE", "SETTINGS_FRESH_FOR", "infra/local", "sk_test_sandbox", "/_dev/token", "/debug/pprof", "/debug/vars"})
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
