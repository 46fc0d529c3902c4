package main

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/infra/local/template"
	"fitkit/infra/tools/dotenv"
	"fitkit/shared/config"
)

const repository = "../../.."

// The heads of the two sections of .env.example whose variables no function reads.
const (
	deployment = "Deployment: parameters of template.yaml that no function reads"
	later      = "Read by the frontends, or by functions to come: no function of today reads these"
)

// outside are the variables above those sections that other parts of the system read.
var outside = map[string]string{
	"PORT":                  "make dev",
	"DIRECT_DATABASE_URL":   "make dev-db-migrate",
	"FRONTEND_URL":          "make check-env",
	"ALLOWED_ORIGINS":       "the HTTP API",
	"CLERK_SECRET_KEY":      "make check-env",
	"CLERK_PUBLISHABLE_KEY": "make check-env",
	"CLERK_API_URL":         "make dev",
}

type entry struct{ name, value, section, comment string }

var assigned = regexp.MustCompile(`^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$`)

// example reads .env.example with the variables that are commented out.
func example(t *testing.T) []entry {
	t.Helper()
	file, err := os.Open(filepath.Join(repository, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []entry
	var section, comment string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		m := assigned.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "# ===="):
			section, comment = strings.Trim(line, "# ="), ""
		case m != nil:
			out = append(out, entry{m[1], m[2], section, comment})
			comment = ""
		case strings.HasPrefix(line, "# "):
			comment = strings.TrimSpace(comment + " " + line[2:])
		default:
			comment = ""
		}
	}
	if len(out) == 0 || lines.Err() != nil {
		t.Fatalf("%d variables, %v", len(out), lines.Err())
	}
	return out
}

// read is every variable that a section reads and Lambda does not set by itself.
func read() map[string]config.Variable {
	out := map[string]config.Variable{}
	for _, section := range append(config.All(), &config.TestHooks{}) {
		for _, v := range config.Variables(section) {
			if !strings.HasPrefix(v.Name, "AWS_") {
				out[v.Name] = v
			}
		}
	}
	return out
}

func TestEveryVariableIsListedOnceWithAComment(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range example(t) {
		if seen[e.name] {
			t.Errorf("%s is listed twice", e.name)
		}
		if e.comment == "" {
			t.Errorf("%s has no comment", e.name)
		}
		seen[e.name] = true
	}
}

func TestTheListAndTheSectionsAgree(t *testing.T) {
	variables := read()
	listed := map[string]entry{}
	for _, e := range example(t) {
		listed[e.name] = e
		_, isRead := variables[e.name]
		marked := e.section == later || e.section == deployment
		switch {
		case isRead && marked:
			t.Errorf("functions read %s, so it does not belong under %q", e.name, e.section)
		case !isRead && !marked && outside[e.name] == "":
			t.Errorf("nothing reads %s: it belongs under %q", e.name, later)
		}
	}
	for name, v := range variables {
		e, ok := listed[name]
		if !ok {
			t.Errorf(".env.example lacks %s, which functions read", name)
		}
		if v.Default != "" && e.value != v.Default {
			t.Errorf("%s: .env.example shows %q, the default is %q", name, e.value, v.Default)
		}
	}
	for name := range outside {
		if _, ok := listed[name]; !ok {
			t.Errorf(".env.example lacks %s, which %s reads", name, outside[name])
		}
	}
}

// parameters are those of a root template.
func parameters(t *testing.T, file string) map[string]parameter {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Parameters map[string]parameter `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	return root.Parameters
}

type parameter struct {
	Default *string `yaml:"Default"`
	NoEcho  bool    `yaml:"NoEcho"`
}

func TestTheListAndTheTemplateAgree(t *testing.T) {
	for file, hooks := range map[string]bool{"template.yaml": false, "template-preview.yaml": true} {
		agree(t, file, hooks)
	}
}

// agree: the variables of the test hooks are a preview's alone.
func agree(t *testing.T, file string, hooks bool) {
	byName := parameters(t, file)
	want := map[string]bool{"ALLOWED_ORIGINS": true}
	for name := range read() {
		want[name] = name != "QUEUE_URL_PREFIX" // made by the templates
	}
	for _, e := range example(t) {
		if e.section == deployment {
			want[e.name] = true
		}
	}
	for _, v := range config.Variables(&config.TestHooks{}) {
		want[v.Name] = hooks
	}
	maps.DeleteFunc(want, func(_ string, wanted bool) bool { return !wanted })
	var have []string
	for name := range byName {
		have = append(have, template.VariableName(name))
	}
	slices.Sort(have)
	if list := slices.Sorted(maps.Keys(want)); !slices.Equal(have, list) {
		t.Errorf("parameters of %s:\n%q\nvariables that want one:\n%q", file, have, list)
	}
}

func TestTheTemplateHasTheDefaultsOfTheSections(t *testing.T) {
	for _, file := range []string{"template.yaml", "template-preview.yaml"} {
		t.Run(file, func(t *testing.T) { defaults(t, file) })
	}
}

func defaults(t *testing.T, file string) {
	variables := read()
	for name, p := range parameters(t, file) {
		v, ok := variables[template.VariableName(name)]
		if !ok || v.Name == "STAGE" || v.Name == "REALTIME_URL" || v.Name == "PUBLIC_API_URL" { // without one the stack makes it from its API's address
			continue
		}
		if v.Name == "CRONS_ENABLED" && file == "template-preview.yaml" {
			v.Default = "false" // a preview runs the schedules that somebody asks for
		}
		switch {
		case v.Secret != p.NoEcho:
			t.Errorf("%s: NoEcho is %v, the section says secret is %v", name, p.NoEcho, v.Secret)
		case v.Default == "" && !v.Optional && p.Default != nil:
			t.Errorf("%s has a default, but a start without it must fail", name)
		case (v.Default != "" || v.Optional) && (p.Default == nil || *p.Default != v.Default):
			t.Errorf("%s has not the default %q", name, v.Default)
		}
	}
}

func TestACopyOfTheListIsAValidEnv(t *testing.T) {
	vars, err := dotenv.Read(filepath.Join(repository, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	if err := check(vars); err != nil {
		t.Error(err)
	}
	for _, e := range example(t) {
		if e.section != later && e.value != "" {
			vars[e.name] = e.value
		}
	}
	if err := check(vars); err != nil {
		t.Errorf("with every shown value taken: %v", err)
	}
}

func TestCheckNamesEverythingAndShowsNoValue(t *testing.T) {
	const secretValue = "hunter2"
	for name, tc := range map[string]struct {
		vars map[string]string
		want []string
		not  []string
	}{
		"an empty file lacks all that has no default": {map[string]string{}, []string{"STAGE", "DATABASE_URL", "REDIS_URL", "CLERK_SECRET_KEY",
			"CLERK_PUBLISHABLE_KEY", "FRONTEND_URL", "ALLOWED_ORIGINS", "PAYMENT_CREDENTIALS_ENCRYPTION_KEY", "NATIONAL_ID_ENCRYPTION_KEY"}, []string{"QUEUE_URL_PREFIX", "DB_POOL_MAX"}},
		"on a laptop only what is set can be wrong": {map[string]string{"STAGE": "local", "DATABASE_URL": secretValue, "DB_POOL_MAX": "many"},
			[]string{"DATABASE_URL: must be a postgres:// URL", "DB_POOL_MAX: must be a whole number"}, []string{"REDIS_URL"}},
		"production refuses the development keys": {map[string]string{"STAGE": "production", "NATIONAL_ID_INDEX_KEY": strings.Repeat("0", 64)},
			[]string{"NATIONAL_ID_INDEX_KEY: must not be the development key", "DATABASE_URL: is required"}, nil},
		"production refuses test sign-ins": {map[string]string{"STAGE": "production", "TEST_AUTH_BYPASS": "true"}, []string{"TEST_AUTH_BYPASS: must be false"}, nil},
		"production refuses a seed secret": {map[string]string{"STAGE": "production", "TEST_SEED_SECRET": strings.Repeat("0123456789", 4)}, []string{"TEST_SEED_SECRET: must not be set"}, nil},
		"a sandbox is for development":     {map[string]string{"STAGE": "staging", "CARDCOM_API_URL": "http://127.0.0.1:3102"}, []string{"CARDCOM_API_URL: must be an address with TLS"}, nil},
		"an origin is exact":               {map[string]string{"STAGE": "local", "ALLOWED_ORIGINS": "https://*.fitkit.example"}, []string{"ALLOWED_ORIGINS: must be a list of exact origins"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(tc.vars)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("does not say %q:\n%v", want, err)
				}
			}
			for _, not := range append(tc.not, secretValue) {
				if strings.Contains(err.Error(), not) {
					t.Errorf("says %q:\n%v", not, err)
				}
			}
		})
	}
}
