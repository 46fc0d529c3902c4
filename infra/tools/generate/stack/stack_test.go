package stack_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fitkit/infra/tools/generate/stack"
	"fitkit/shared/api"
	"fitkit/shared/cron"
	"fitkit/shared/hook"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

var update = flag.Bool("update", false, "rewrite testdata/example.yaml")

var settle = job.Op{Name: "job-example-settle", Summary: "Settle", Needs: []need.Need{need.Postgres}, BatchSize: 10, Timeout: 20 * time.Second}

// example has one function of every kind.
func example() []run.Spec {
	return []run.Spec{
		api.Op{Name: "api-example-export", Method: api.GET, Path: "/v1/exports/{id}", Summary: "Export", Front: run.URL,
			Timeout: 5 * time.Minute, Roles: []tenancy.Role{tenancy.Owner}, Needs: []need.Need{need.Postgres}}.Spec(),
		api.Op{Name: "api-example-say", Method: api.POST, Path: "/v1/rooms/{id}/say/{word}", Aliases: []string{"/say"}, Public: true,
			Summary: "Say", Needs: []need.Need{settle.Send()}}.Spec(),
		api.Op{Name: "api-example-pay", Method: api.POST, Path: "/v1/pay", Public: true, Summary: "Pay",
			Needs: []need.Need{need.Send("billing-execute-charge")}}.Spec(),
		cron.Op{Name: "cron-example-sweep", Summary: "Sweep", Schedule: "rate(5 minutes)", Needs: []need.Need{need.Send("billing-execute-charge")},
			Alarms: []run.Alarm{{Metric: "OldestSeconds", Above: 60, Says: "Something is old.", Runbook: "queue-waits"}}}.Spec(),
		hook.Op{Name: "hook-example-provider", Summary: "Hear", Path: "/v1/hooks/example/{token}", Status: 200}.Spec(),
		settle.Spec(),
	}
}

func TestOneFunctionOfEveryKind(t *testing.T) {
	s, err := stack.New("example", example())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Render()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "example.yaml")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the template differs from %s; go test -update rewrites it:\n%s", golden, got)
	}
}

const root = `Parameters:
  DatabaseUrl: {Type: String%s}
Resources:
  # The domains' stacks, written by make generate.
  Old: {}
  # End of the domains' stacks.
Outputs:
  # Function URLs, written by make generate.
  # End of the function URLs.
`

func TestTheRootListsTheStacksAndKeepsTheRest(t *testing.T) {
	s := stack.Stack{Domain: "billing", Parameters: []stack.Parameter{{Name: "DatabaseUrl", Secret: true}, {Name: "Prefix"}},
		Functions: []stack.Function{{Spec: example()[0], Domain: "example", ID: "ApiExport"}}}
	got, err := stack.Root([]byte(strings.Replace(root, "%s", ", NoEcho: true", 1)), []stack.Stack{s})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Location: infra/stacks/billing.yaml", "DatabaseUrl: !Ref DatabaseUrl", "Prefix: !Ref AWS::StackName",
		"ApiExampleExport: {Value: !GetAtt Billing.Outputs.ApiExportUrl}", "DatabaseUrl: {Type: String, NoEcho: true}"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the root lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "Old") {
		t.Errorf("a stack that is no more stayed:\n%s", got)
	}
}

func TestTheRootRefuses(t *testing.T) {
	secret := stack.Stack{Domain: "billing", Parameters: []stack.Parameter{{Name: "DatabaseUrl", Secret: true}}}
	for name, tc := range map[string]struct {
		root, want string
		stack      stack.Stack
	}{
		"to show a secret":              {strings.Replace(root, "%s", "", 1), "would show DatabaseUrl", secret},
		"a parameter it does not have":  {"Parameters: {}\n", "no parameter DatabaseUrl, which the billing stack takes", secret},
		"a text without the two lines":  {"Parameters: {}\n", "lacks the line", stack.Stack{}},
		"a text that is no YAML at all": {"a: [", "template.yaml", stack.Stack{}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := stack.Root([]byte(tc.root), []stack.Stack{tc.stack}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not say %q", err, tc.want)
			}
		})
	}
}

func TestTheDeadMansSwitchLooksFurtherBackThanTheLongestPause(t *testing.T) {
	for expression, want := range map[string]stack.Switch{
		"rate(1 minute)":             {Period: 300, Periods: 3},
		"rate(15 minutes)":           {Period: 300, Periods: 6},
		"cron(0/10 * * * ? *)":       {Period: 300, Periods: 4},
		"cron(7 * * * ? *)":          {Period: 300, Periods: 24},
		"cron(0 0/6 * * ? *)":        {Period: 3600, Periods: 8},
		"cron(30 4 * * ? *)":         {Period: 3600, Periods: 26},
		"cron(0 6,18 * * ? *)":       {Period: 3600, Periods: 26},
		"cron(*/5 4 * * ? *)":        {Period: 3600, Periods: 26},
		"cron(* * * * ? *)":          {Period: 300, Periods: 3},
		"rate(24 hours)":             {Period: 3600, Periods: 26},
		"cron(0,15,30,45 * ? * * *)": {Period: 300, Periods: 24},
	} {
		spec := cron.Op{Name: "cron-example-sweep", Schedule: expression}.Spec()
		s, err := stack.New("example", []run.Spec{spec})
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got := s.Functions[0].Switch(); got != want {
			t.Errorf("%s: %+v, want %+v", expression, got, want)
		}
	}
	for _, expression := range []string{"cron(0 4 ? * SUN *)", "cron(0 4 1 * ? *)", "rate(2 days)", "every day", "cron(0 4 * *)"} {
		if _, err := stack.New("example", []run.Spec{cron.Op{Name: "cron-example-sweep", Schedule: expression}.Spec()}); err == nil {
			t.Errorf("%s: accepted, though nothing would notice that it stopped", expression)
		}
	}
}
