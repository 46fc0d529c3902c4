package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/infra/local/template"
	"fitkit/shared/catalog"
	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/run"
)

// load reads the committed templates as the local platform does, with the name of each required variable as its value.
func load(t *testing.T) *template.Platform {
	t.Helper()
	p, err := template.Load(filepath.Join(repository, "template.yaml"), template.Options{
		StackName: "fitkit-test", Lookup: func(name string) (string, bool) { return "the " + name, required(name) }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// required says whether any section cannot do without the variable.
func required(variable string) bool {
	for _, section := range config.All() {
		for _, v := range config.Variables(section) {
			if v.Name == variable && v.Default == "" && !v.Optional && v.Name != "STAGE" {
				return true
			}
		}
	}
	return variable == "ALLOWED_ORIGINS"
}

func TestTheTemplatesDeclareTheCatalogue(t *testing.T) {
	p := load(t)
	var functions, routes, queues, schedules, sockets []string
	for _, s := range catalog.All() {
		functions = append(functions, s.Name)
		switch {
		case s.Route != nil && s.Route.Front == run.Gateway:
			for _, path := range append([]string{s.Route.Path}, s.Route.Aliases...) {
				routes = append(routes, s.Route.Method+" "+path+" "+s.Name)
			}
		case s.Socket != nil:
			sockets = append(sockets, s.Socket.Route+" "+s.Name)
		case s.Queue != nil:
			queues = append(queues, "fitkit-test-"+s.Queue.Name+" "+s.Name)
		case s.Schedule != nil:
			schedules = append(schedules, s.Schedule.Expression+" "+s.Schedule.Zone+" "+s.Name)
		}
	}
	same(t, "functions", functions, p.Functions, func(f template.Function) string { return f.Name })
	same(t, "routes", routes, p.Routes, func(r template.Route) string { return r.Key() + " " + r.Function })
	same(t, "WebSocket routes", sockets, p.Sockets, func(r template.SocketRoute) string { return r.Key + " " + r.Function })
	same(t, "queues", queues, p.EventSources, func(e template.EventSource) string { return e.Queue + " " + e.Function })
	same(t, "schedules", schedules, p.Schedules, func(s template.Schedule) string { return s.Expression + " " + s.Zone + " " + s.Function })
}

// Test hooks are in the template of previews, when they are switched on, and in no other file that is deployed. Red when their
// stack was put into template.yaml, when its condition was left out, and when the preview's stages were left as they are.
func TestOnlyThePreviewsTemplateNamesTheTestHooks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "infra/stacks/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(repository, "template.yaml")) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"TEST_HOOKS_ENABLED", "TEST_SEED_SECRET", "TestHooks", "TestSeedSecret", "testhooks", "/v1/test/"} {
			if strings.Contains(string(raw), text) && filepath.Base(file) != "testhooks.yaml" {
				t.Errorf("%s names %s", file, text)
			}
		}
	}
	for enabled, want := range map[string]int{"false": 0, "true": len(catalog.TestHooks())} {
		p, err := template.Load(filepath.Join(repository, "template-preview.yaml"), template.Options{StackName: "fitkit-test", Lookup: func(name string) (string, bool) {
			if name == "TEST_HOOKS_ENABLED" {
				return enabled, true
			}
			return "the " + name, required(name)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.Functions) - len(catalog.All()); n != want {
			t.Errorf("with TEST_HOOKS_ENABLED=%s there are %d functions more than the catalogue's, want %d", enabled, n, want)
		}
	}
	for _, stage := range []string{"staging", "production"} {
		_, err := template.Load(filepath.Join(repository, "template-preview.yaml"), template.Options{Parameters: map[string]string{"Stage": stage},
			Lookup: func(name string) (string, bool) { return "the " + name, required(name) }})
		if err == nil || !strings.Contains(err.Error(), "Stage") {
			t.Errorf("the preview's template may be deployed to %s: %v", stage, err)
		}
	}
}

// TestTheTemplatesRefuseTestSignInsWherePeopleAreReal (S13): the rule holds before anything is changed, and no template that is deployed
// is without it. Red without the rule, with staging left out of its condition, with the other value asserted, and with a value that is
// nearly true allowed.
func TestTheTemplatesRefuseTestSignInsWherePeopleAreReal(t *testing.T) {
	real := []string{"staging", "production"}
	for file, stages := range map[string][]string{
		"template.yaml":         {"local", "test", "ci", "preview", "staging", "production"},
		"template-preview.yaml": {"local", "test", "ci", "preview"},
	} {
		raw, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		var root struct {
			Parameters map[string]struct {
				Default       string   `yaml:"Default"`
				AllowedValues []string `yaml:"AllowedValues"`
			} `yaml:"Parameters"`
			Rules map[string]struct {
				RuleCondition yaml.Node `yaml:"RuleCondition"`
				Assertions    []struct {
					Assert yaml.Node `yaml:"Assert"`
				} `yaml:"Assertions"`
			} `yaml:"Rules"`
		}
		if err := yaml.Unmarshal(raw, &root); err != nil {
			t.Fatal(err)
		}
		bypass := root.Parameters["TestAuthBypass"]
		if !slices.Equal(root.Parameters["Stage"].AllowedValues, stages) || !slices.Equal(bypass.AllowedValues, []string{"true", "false"}) || bypass.Default != "false" {
			t.Errorf("%s: the stages are %q, and TestAuthBypass is one of %q, %q unless it is given", file, root.Parameters["Stage"].AllowedValues, bypass.AllowedValues, bypass.Default)
		}
		rule := root.Rules["NoTestSignIn"]
		if len(rule.Assertions) != 1 {
			t.Fatalf("%s: the rule NoTestSignIn asserts %d things", file, len(rule.Assertions))
		}
		for _, stage := range append(slices.Clone(stages), "", "prod") {
			for _, value := range bypass.AllowedValues {
				given := map[string]string{"Stage": stage, "TestAuthBypass": value}
				refused := holds(t, &rule.RuleCondition, given) && !holds(t, &rule.Assertions[0].Assert, given)
				if want := slices.Contains(real, stage) && value == "true"; refused != want {
					t.Errorf("%s: TestAuthBypass %s in %q is refused: %t", file, value, stage, refused)
				}
			}
		}
	}
}

// What anybody may ask without a sign-in, written by hand: whoever opens another door writes it here too (S16).
var (
	openURLs       = []string{} // functions with an address of their own
	openRoutes     = []string{"GET /health", "GET /healthz", "POST /v1/hooks/cardcom/{token}", "POST /v1/hooks/clerk"}
	openInPreviews = []string{"POST /v1/test/reset", "POST /v1/test/seed"} // by a secret of the preview's
)

// TestDoorsWithoutASignInAreTheWrittenOnes compares the list with the catalogue, with the routes of those functions in both templates,
// and with every function URL of a stack. Red with an endpoint made public, with a second route in a stack to a hook's function, and
// with a FunctionUrlConfig in a stack.
func TestDoorsWithoutASignInAreTheWrittenOnes(t *testing.T) {
	preview, err := template.Load(filepath.Join(repository, "template-preview.yaml"), template.Options{StackName: "fitkit-pr-12", Lookup: func(name string) (string, bool) {
		if name == "TEST_HOOKS_ENABLED" {
			return "true", true
		}
		return "the " + name, required(name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	urls := []string{}
	for _, tc := range []struct {
		what      string
		catalogue []run.Spec
		platform  *template.Platform
		want      []string
	}{
		{"template.yaml", catalog.All(), load(t), openRoutes},
		{"template-preview.yaml", everyFunction(), preview, slices.Concat(openRoutes, openInPreviews)},
	} {
		var declared []string
		open := map[string]bool{}
		for _, s := range tc.catalogue {
			if s.Route != nil && s.Route.Public {
				open[s.Name] = true
				for _, path := range append([]string{s.Route.Path}, s.Route.Aliases...) {
					declared = append(declared, s.Route.Method+" "+path)
				}
			}
			if s.Route != nil && s.Route.Front == run.URL {
				urls = append(urls, s.Name)
			}
		}
		var routed []string
		for _, r := range tc.platform.Routes {
			if open[r.Function] {
				routed = append(routed, r.Key())
			}
		}
		slices.Sort(declared)
		slices.Sort(routed)
		if !slices.Equal(declared, tc.want) || !slices.Equal(routed, tc.want) {
			t.Errorf("without a sign-in are written %q\nthe catalogue has %q\n%s has %q", tc.want, declared, tc.what, routed)
		}
	}
	for domain, s := range stacks(t) {
		for id, r := range s.Resources {
			if r.Type == "AWS::Lambda::Url" || value(&r.Properties, "FunctionUrlConfig").Kind != 0 {
				urls = append(urls, domain+" "+id)
			}
		}
	}
	if slices.Sort(urls); !slices.Equal(urls, openURLs) {
		t.Errorf("addresses of their own have %q, and written are %q", urls, openURLs)
	}
}

// A preview runs the schedules of the code it shows only when somebody asks for them. Red with the default of template.yaml.
func TestAPreviewRunsNoScheduleThatNobodyAskedFor(t *testing.T) {
	for asked, want := range map[string]bool{"": false, "false": false, "true": true} {
		p, err := template.Load(filepath.Join(repository, "template-preview.yaml"), template.Options{StackName: "fitkit-pr-12", Lookup: func(name string) (string, bool) {
			if name == "CRONS_ENABLED" {
				return asked, asked != ""
			}
			return "the " + name, required(name)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Schedules) == 0 {
			t.Fatal("the template has no schedules")
		}
		for _, s := range p.Schedules {
			if s.Enabled != want {
				t.Errorf("asked %q, %s runs: %v", asked, s.Function, s.Enabled)
			}
		}
		for _, f := range p.Functions {
			if value, ok := f.Env["CRONS_ENABLED"]; ok && (value == "true") != want {
				t.Errorf("asked %q, %s has CRONS_ENABLED=%s", asked, f.Name, value)
			}
		}
	}
}

func same[T any](t *testing.T, what string, want []string, have []T, name func(T) string) {
	t.Helper()
	var got []string
	for _, h := range have {
		got = append(got, name(h))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s of the templates:\n%q\nof the catalogue:\n%q", what, got, want)
	}
}

func TestAFunctionIsGrantedTheVariablesOfItsNeedsAndNoOther(t *testing.T) {
	p := load(t)
	for _, s := range catalog.All() {
		f, _ := p.Function(s.Name)
		want := map[string]string{"GOMEMLIMIT": f.Env["GOMEMLIMIT"]}
		for _, section := range need.Sections(s.Needs) {
			for _, v := range config.Variables(section) {
				switch {
				case strings.HasPrefix(v.Name, "AWS_"):
				case v.Name == "STAGE":
					want[v.Name] = "local"
				case v.Name == "QUEUE_URL_PREFIX":
					want[v.Name] = "https://sqs.eu-central-1.amazonaws.com/000000000000/fitkit-test-"
				case required(v.Name):
					want[v.Name] = "the " + v.Name
				default:
					want[v.Name] = v.Default
				}
			}
		}
		if !maps.Equal(f.Env, want) {
			t.Errorf("%s:\n granted %v\n  needed %v", s.Name, f.Env, want)
		}
	}
}

func TestALocalSQSIsAddressedUnderItsOwnHost(t *testing.T) {
	p, err := template.Load(filepath.Join(repository, "template.yaml"), template.Options{StackName: "fitkit-test",
		Lookup: func(name string) (string, bool) {
			if name == "SQS_ENDPOINT_URL" {
				return "http://127.0.0.1:4566", true
			}
			return "the " + name, required(name)
		}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Functions {
		if prefix, ok := f.Env["QUEUE_URL_PREFIX"]; ok && prefix != "http://127.0.0.1:4566/000000000000/fitkit-test-" {
			t.Errorf("%s sends to %s", f.Name, prefix)
		}
	}
}

// Limits of AWS, and our own below them.
const (
	maxFunctions    = 30
	maxResources    = 200
	maxIntegrations = 300
	maxFunctionName = 64 - len("-") - 19 // Lambda's limit without the longest prefix
	maxQueueName    = 80 - len("-") - 19 - len("-dlq")
)

func TestTheStacksStayInsideTheirBudgets(t *testing.T) {
	integrations := 0
	for name, s := range stacks(t) {
		functions, resources := 0, 2 // CodeDeploy's application and role, where a function is deployed gradually
		for _, r := range s.Resources {
			resources += r.afterTransform()
			switch r.Type {
			case "AWS::Serverless::Function":
				functions++
			case "AWS::ApiGatewayV2::Integration":
				integrations++
			}
		}
		if functions > maxFunctions || resources > maxResources {
			t.Errorf("%s has %d functions (at most %d) and %d resources (at most %d): split the domain", name, functions, maxFunctions, resources, maxResources)
		}
	}
	if integrations > maxIntegrations {
		t.Errorf("%d integrations; one HTTP API takes %d", integrations, maxIntegrations)
	}
	for _, s := range catalog.All() {
		if len(s.Name) > maxFunctionName || s.Queue != nil && len(s.Queue.Name) > maxQueueName {
			t.Errorf("%s: its name is too long for AWS with a prefix of 19", s.Name)
		}
	}
}

type stackFile struct {
	Resources map[string]resource `yaml:"Resources"`
}

type resource struct {
	Type       string    `yaml:"Type"`
	Properties yaml.Node `yaml:"Properties"`
}

// afterTransform is how many resources SAM makes of one; make verify counts with the real translator.
func (r resource) afterTransform() int {
	if r.Type != "AWS::Serverless::Function" {
		return 1
	}
	var p struct {
		Events            map[string]yaml.Node `yaml:"Events"`
		EventInvokeConfig *yaml.Node           `yaml:"EventInvokeConfig"`
		Preference        *yaml.Node           `yaml:"DeploymentPreference"`
		FunctionURLConfig *yaml.Node           `yaml:"FunctionUrlConfig"`
	}
	_ = r.Properties.Decode(&p) // what does not decode is not there
	n := 1 + len(p.Events)
	if p.EventInvokeConfig != nil {
		n++
	}
	if p.Preference != nil {
		n += 3 // version, alias and deployment group
	}
	if p.FunctionURLConfig != nil {
		n += 3 // the URL and its two permissions
	}
	return n
}

func stacks(t *testing.T) map[string]stackFile {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "infra/stacks/*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stacks: %v", err)
	}
	out := map[string]stackFile{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s stackFile
		if err := yaml.Unmarshal(raw, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".yaml")] = s
	}
	return out
}

// TestSchemasAskForNothingThatEndsAsAServerError: a number without a limit overflows its column, and huma's check of
// uniqueItems panics when an item is an object or a list.
func TestSchemasAskForNothingThatEndsAsAServerError(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "docs/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct{ Schemas map[string]yaml.Node }
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for name, schema := range doc.Components.Schemas {
		properties := value(&schema, "properties")
		for i := 0; i+1 < len(properties.Content); i += 2 {
			field, s := properties.Content[i].Value, properties.Content[i+1]
			if strings.HasSuffix(name, "InputBody") && value(s, "type").Value == "integer" && value(s, "maximum").Value == "" {
				t.Errorf("%s.%s has no maximum", name, field)
			}
			if value(s, "uniqueItems").Value != "" {
				t.Errorf("%s.%s: check that its items differ in the domain, not by uniqueItems", name, field)
			}
		}
	}
}

// Where providers send their notices is the stack's own API, unless somebody says otherwise: previews run no schedule that would ask
// again. Red with the root's parameter handed on as it is, and with API Gateway's address told beside a domain, which switches it off.
func TestAStackWithoutAnAddressTellsProvidersItsOwn(t *testing.T) {
	for name, tc := range map[string]struct {
		set  map[string]string
		want string
	}{
		"a preview":              {nil, "HttpApi.ApiEndpoint"},
		"a domain":               {map[string]string{"API_DOMAIN": "api.fitkit.example", "API_CERTIFICATE_ARN": "arn:cert"}, "https://api.fitkit.example"},
		"an address of a tunnel": {map[string]string{"PUBLIC_API_URL": "https://tunnel.example"}, "https://tunnel.example"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := template.Load(filepath.Join(repository, "template-preview.yaml"), template.Options{StackName: "fitkit-pr-12", Lookup: func(name string) (string, bool) {
				if v, ok := tc.set[name]; ok || name == "PUBLIC_API_URL" {
					return v, ok
				}
				return "the " + name, required(name)
			}})
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			for _, f := range p.Functions {
				if got, ok := f.Env["PUBLIC_API_URL"]; ok {
					if told++; got != tc.want {
						t.Errorf("%s tells providers %s, not %s", f.Name, got, tc.want)
					}
				}
			}
			if told == 0 {
				t.Error("no function tells providers where to")
			}
		})
	}
}

// A domain that only the API knew would leave tickets that name one address and a management client that calls another.
func TestTheDomainOfTheWebSocketsIsTheirAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		set  map[string]string
		want string
	}{
		"API Gateway's own name": {nil, "wss://"},
		"a domain":               {map[string]string{"REALTIME_DOMAIN": "ws.fitkit.example", "REALTIME_CERTIFICATE_ARN": "arn:cert"}, "wss://ws.fitkit.example"},
		"an address that the templates do not know": {map[string]string{"REALTIME_URL": "ws://127.0.0.1:3001/_ws", "REALTIME_DOMAIN": "ws.fitkit.example",
			"REALTIME_CERTIFICATE_ARN": "arn:cert"}, "ws://127.0.0.1:3001/_ws"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := template.Load(filepath.Join(repository, "template.yaml"), template.Options{StackName: "fitkit-test", Lookup: func(name string) (string, bool) {
				if v, ok := tc.set[name]; ok || name == "REALTIME_URL" {
					return v, ok
				}
				return "the " + name, required(name)
			}})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range p.Functions {
				if got, ok := f.Env["REALTIME_URL"]; ok && got != tc.want && (tc.set != nil || !strings.HasSuffix(got, "/live")) {
					t.Errorf("%s connects to %s, not to %s", f.Name, got, tc.want)
				}
			}
		})
	}
}
