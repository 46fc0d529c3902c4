package platform

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fitkit/infra/local/stores"
)

func TestASandboxMakesWayForTheRealService(t *testing.T) {
	for name, tc := range map[string]struct {
		given Variables
		want  []string
	}{
		"nothing is set":             {Variables{}, []string{"clerk", "cardcom", "neon"}},
		"Clerk is the real one":      {Variables{"CLERK_ISSUER": "https://clerk.example.com"}, []string{"cardcom", "neon"}},
		"Cardcom is the real one":    {Variables{"CARDCOM_API_URL": "https://secure.cardcom.solutions"}, []string{"clerk", "neon"}},
		"Clerk and Cardcom are":      {Variables{"CLERK_ISSUER": "https://c", "CARDCOM_API_URL": "https://s"}, []string{"neon"}},
		"Neon is the real one":       {Variables{"NEON_API_KEY": "k"}, []string{"clerk", "cardcom"}},
		"the database is another":    {Variables{"DIRECT_DATABASE_URL": "postgres://db"}, []string{"clerk", "cardcom"}},
		"other variables are no URL": {Variables{"CARDCOM_TIMEOUT_SECONDS": "9"}, []string{"clerk", "cardcom", "neon"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sandboxNames(tc.given); !slices.Equal(got, tc.want) {
				t.Errorf("starts %v, want %v", got, tc.want)
			}
		})
	}
}

func TestADatabaseOfOnesOwnIsGivenWhole(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		ok   bool
	}{
		"none":                           {"STAGE=local\n", true},
		"all three":                      {"DATABASE_URL=a\nSYSTEM_DATABASE_URL=b\nDIRECT_DATABASE_URL=c\n", true},
		"no owner to migrate it":         {"DATABASE_URL=a\nSYSTEM_DATABASE_URL=b\n", false},
		"one that is there but is empty": {"DATABASE_URL=a\nSYSTEM_DATABASE_URL=b\nDIRECT_DATABASE_URL=\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readGiven(Options{DotEnv: envFile(t, tc.text)})
			if (err == nil) != tc.ok {
				t.Errorf("said %v", err)
			}
		})
	}
}

// modelled is a platform that is not started: enough to read the templates.
func modelled(opt Options, given Variables) *Platform {
	p := &Platform{opt: opt, Stores: &stores.Stores{AdminURL: "postgres://u:p@127.0.0.1:5/postgres", RedisURL: "redis://127.0.0.1:6", SQSEndpoint: "http://127.0.0.1:7"}}
	p.Addresses.API = "http://127.0.0.1:3001"
	p.Secrets.AppPassword, p.Secrets.ClerkWebhook = "app-password", "whsec_test"
	p.sandboxes = []*sandbox{{variables: Variables{"CLERK_ISSUER": "http://127.0.0.1:8", "CARDCOM_API_URL": "http://127.0.0.1:9"}}}
	p.Variables = given.over(p.computed())
	return p
}

const root = "../../.."

func TestFunctionsAreConfiguredFromTheTemplates(t *testing.T) {
	const name = "api-membership-create-plan"
	for title, tc := range map[string]struct {
		opt      Options
		given    Variables
		variable string
		want     string
		folder   string
	}{
		"the app role's database": {variable: "DATABASE_URL", want: "postgres://fitkit_app:app-password@127.0.0.1:5/fitkit", folder: "plain"},
		".env wins over what is computed": {given: Variables{"CLERK_ISSUER": "https://clerk.example.com"}, variable: "CLERK_ISSUER",
			want: "https://clerk.example.com", folder: "plain"},
		"a fault run adds variables to one function": {opt: Options{FunctionEnv: map[string]map[string]string{name: {"CRASH_AT": "P3"}}},
			variable: "CRASH_AT", want: "P3", folder: "plain"},
		"a fault run adds variables to all functions": {opt: Options{FunctionEnv: map[string]map[string]string{"": {"CRASH_AT": "any"}}},
			variable: "CRASH_AT", want: "any", folder: "plain"},
		"one function's counts more than all functions'": {
			opt:      Options{FunctionEnv: map[string]map[string]string{"": {"CRASH_AT": "any"}, name: {"CRASH_AT": "P3"}}},
			variable: "CRASH_AT", want: "P3", folder: "plain"},
		"another function's are not this one's": {opt: Options{FunctionEnv: map[string]map[string]string{"api-other": {"CRASH_AT": "P3"}}},
			variable: "CRASH_AT", want: "", folder: "plain"},
		"binaries with other tags have another folder": {opt: Options{Tags: []string{"fitkit_testhooks"}}, variable: "STAGE", want: "local", folder: "fitkit_testhooks"},
	} {
		t.Run(title, func(t *testing.T) {
			tc.opt.Root = root
			platform, err := modelled(tc.opt, tc.given).loadTemplate()
			if err != nil {
				t.Fatal(err)
			}
			f, ok := platform.Function(name)
			if !ok {
				t.Fatalf("%s is not in the templates", name)
			}
			if got := f.Env[tc.variable]; got != tc.want {
				t.Errorf("%s is %q, want %q", tc.variable, got, tc.want)
			}
			if !strings.HasSuffix(f.CodeDir, ".local/bin/"+tc.folder+"/"+name) {
				t.Errorf("its binary is in %s", f.CodeDir)
			}
		})
	}
}

// With the test hooks the platform reads a preview's template, which runs no schedules by itself. Red without CRONS_ENABLED
// among what is computed.
func TestSchedulesRunHereWithTheTestHooksToo(t *testing.T) {
	for name, given := range map[string]Variables{"without": {}, "with": {"TEST_HOOKS_ENABLED": "true", "TEST_SEED_SECRET": strings.Repeat("x", 32)}} {
		platform, err := modelled(Options{Root: root}, given).loadTemplate()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range platform.Schedules {
			if !s.Enabled {
				t.Errorf("%s the hooks %s does not run", name, s.Function)
			}
		}
	}
}

func envFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
