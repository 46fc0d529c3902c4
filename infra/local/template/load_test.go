package template

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func lookup(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func given() map[string]string {
	return map[string]string{"ALLOWED_ORIGINS": "https://app.fitkit.example,https://admin.fitkit.example", "DATABASE_URL": "postgres://db"}
}

func load(t *testing.T, vars map[string]string) *Platform {
	t.Helper()
	p, err := Load("testdata/template.yaml", Options{Lookup: lookup(vars)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTemplatesBecomeAPlainModel(t *testing.T) {
	p := load(t, given())
	bin, err := filepath.Abs("bin/api-billing-create-charge")
	if err != nil {
		t.Fatal(err)
	}
	want := Function{
		Name: "api-billing-create-charge", LambdaName: "fitkit-local-api-billing-create-charge", CodeDir: bin,
		ARN:      "arn:aws:lambda:eu-central-1:000000000000:function:fitkit-local-api-billing-create-charge",
		MemoryMB: 256, Timeout: 10 * time.Second,
		Env: map[string]string{
			"PREFIX": "fitkit-local", "SHARED": "own", "DATABASE_URL": "postgres://db", "MEMORY": "256", "FLAG": "true",
			"QUEUE_URL":        "https://sqs.eu-central-1.amazonaws.com/000000000000/fitkit-local-billing-execute-charge",
			"QUEUE_URL_PREFIX": "https://sqs.eu-central-1.amazonaws.com/000000000000/fitkit-local-",
			"JOINED":           "a-c-fitkit-local", "ESCAPED": "${literal} mine",
		},
	}
	if !reflect.DeepEqual(p.Functions[0], want) {
		t.Errorf("function:\n got %+v\nwant %+v", p.Functions[0], want)
	}
	equals(t, "names", names(p), []string{"api-billing-create-charge", "api-billing-export", "cron-billing-plan-charges", "job-billing-execute-charge"})
	equals(t, "routes", p.Routes, []Route{
		{Path: "$default", Function: "api-billing-export", Timeout: 30 * time.Second},
		{Method: "POST", Path: "/v1/charges/{id}/void", Function: "api-billing-create-charge", Timeout: 29 * time.Second},
	})
	equals(t, "queue", p.Queues[0], Queue{
		Name: "fitkit-local-billing-execute-charge", ARN: "arn:aws:sqs:eu-central-1:000000000000:fitkit-local-billing-execute-charge",
		Visibility: 3 * time.Minute, Retention: 14 * 24 * time.Hour, DLQ: "fitkit-local-billing-execute-charge-dlq", MaxReceive: 5,
	})
	equals(t, "event source", p.EventSources, []EventSource{{
		Function: "job-billing-execute-charge", Queue: "fitkit-local-billing-execute-charge", BatchSize: 1,
		MaximumConcurrency: 8, ReportFailures: true, Enabled: true,
	}})
	equals(t, "schedule", p.Schedules, []Schedule{{
		Name: "billing-plan-charges", Function: "cron-billing-plan-charges", Expression: "cron(0 4 * * ? *)",
		ARN:  "arn:aws:scheduler:eu-central-1:000000000000:schedule/default/fitkit-local-billing-plan-charges",
		Zone: "Asia/Jerusalem", Enabled: true, Input: `{"cron":"billing-plan-charges","slot":"<aws.scheduler.scheduled-time>"}`,
	}})
	equals(t, "cors", *p.CORS, CORS{
		AllowOrigins: []string{"https://app.fitkit.example", "https://admin.fitkit.example"},
		AllowHeaders: []string{"authorization", "content-type", "idempotency-key"}, AllowMethods: []string{"GET", "POST"}, MaxAge: 10 * time.Minute,
	})
	equals(t, "url", p.Functions[1].URL, &FunctionURL{AuthType: "NONE", InvokeMode: "BUFFERED", CORS: &CORS{AllowOrigins: []string{"https://app.fitkit.example"}}})
}

func equals(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func names(p *Platform) []string {
	var out []string
	for _, f := range p.Functions {
		out = append(out, f.Name)
	}
	return out
}

func TestConditionsFollowTheParameters(t *testing.T) {
	vars := given()
	maps.Copy(vars, map[string]string{"CRONS_ENABLED": "false", "SENTRY_DSN": "https://k@sentry.example/1"})
	p := load(t, vars)
	if p.Schedules[0].Enabled {
		t.Error("the schedule runs although CRONS_ENABLED is false")
	}
	if got := p.Functions[0].Env["SENTRY_DSN"]; got != "https://k@sentry.example/1" {
		t.Errorf("SENTRY_DSN = %q", got)
	}
}

func TestMissingAndForbiddenParametersAreAllNamed(t *testing.T) {
	_, err := Load("testdata/template.yaml", Options{Lookup: lookup(map[string]string{"STAGE": "moon", "DATABASE_URL": ""})})
	for _, want := range []string{"template.yaml:5: parameter AllowedOrigins", "set ALLOWED_ORIGINS", "set DATABASE_URL", "Stage must be one of local, prod"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestMistakesNameFileAndLine(t *testing.T) {
	for name, tc := range map[string]struct{ line, want string }{
		"an unknown intrinsic":                    {"{A: !Frobnicate x}", "t.yaml:4: unknown intrinsic Fn::Frobnicate"},
		"an unknown intrinsic in the long form":   {"{A: {'Fn::Transform': x}}", "t.yaml:4: unknown intrinsic Fn::Transform"},
		"a Ref to nothing":                        {"{A: !Ref Nobody}", `t.yaml:4: reference to "Nobody"`},
		"a GetAtt of nothing":                     {"{A: !GetAtt Nobody.Arn}", `t.yaml:4: reference to resource "Nobody"`},
		"a variable of Sub that is not there":     {"{A: !Sub 'x ${Nobody}'}", `t.yaml:4: reference to "Nobody"`},
		"an attribute in Sub that is not there":   {"{A: !Sub 'x ${Nobody.Arn}'}", `t.yaml:4: reference to resource "Nobody"`},
		"an If on a condition that is not there":  {"{A: !If [Nobody, 1, 2]}", `t.yaml:4: condition "Nobody" does not exist`},
		"a mistake in a resource that is ignored": {"{A: [{B: !Ref Nobody}]}", `t.yaml:4: reference to "Nobody"`},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "t.yaml")
			text := "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties: " + tc.line + "\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(file, Options{}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestVariableNames(t *testing.T) {
	for parameter, want := range map[string]string{
		"DatabaseUrl": "DATABASE_URL", "NationalIdIndexKey": "NATIONAL_ID_INDEX_KEY", "Stage": "STAGE",
		"R2AccountId": "R2_ACCOUNT_ID", "DBPoolMax": "DB_POOL_MAX", "ClerkJWTKey": "CLERK_JWT_KEY",
	} {
		if got := VariableName(parameter); got != want {
			t.Errorf("%s: got %s, want %s", parameter, got, want)
		}
	}
}
