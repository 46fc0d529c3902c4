package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// account is an AWS account as far as a release asks about it.
type account struct {
	settings map[string]setting
	drifted  map[string][]string // by stack
	blind    string              // the stack whose drift could not be read whole
	status   string
	running  map[string]string // variables of the stack's functions
	atOnce   int               // how many functions may run, 1000 when it is not said; less than none cannot be read
	refused  string            // what aws says to somebody who is not signed in
	asked    []string
}

func (a *account) aws(_ context.Context, args ...string) ([]byte, error) {
	a.asked = append(a.asked, strings.Join(args, " "))
	if a.refused != "" {
		return nil, errors.New(a.refused)
	}
	stack := stackName(after(args, "--stack-name"))
	switch args[1] {
	case "get-parameters-by-path":
		var list []setting
		for _, s := range a.settings {
			if strings.HasPrefix(s.Name, after(args, "--path")+"/") {
				list = append(list, s)
			}
		}
		return json.Marshal(map[string]any{"Parameters": list})
	case "get-account-settings":
		if a.atOnce < 0 {
			return nil, errors.New("aws lambda get-account-settings: AccessDenied")
		}
		return json.Marshal(map[string]any{"AccountLimit": map[string]int{"ConcurrentExecutions": cmp.Or(a.atOnce, 1000)}})
	case "get-function-configuration":
		variable := strings.TrimPrefix(after(args, "--query"), "Environment.Variables.")
		if strings.Contains(after(args, "--function-name"), "-api-billing-connect-gateway") {
			return nil, errors.New("aws lambda get-function-configuration: An error occurred (ResourceNotFoundException)") // the release adds it
		}
		if text, ok := a.running[variable]; ok {
			return json.Marshal(text)
		}
		return []byte("null"), nil
	case "list-stack-resources":
		return []byte(`{"StackResourceSummaries":[{"ResourceType":"AWS::CloudFormation::Stack","PhysicalResourceId":"arn:aws:cloudformation:eu-central-1:000000000000:stack/` + stack + `-Billing/0a1b"},{"ResourceType":"AWS::Logs::LogGroup"}]}`), nil
	case "detect-stack-drift":
		return []byte(`{"StackDriftDetectionId":"` + stack + `"}`), nil
	case "describe-stack-drift-detection-status":
		if id := after(args, "--stack-drift-detection-id"); id == a.blind {
			status := "IN_SYNC"
			if len(a.drifted[id]) > 0 {
				status = "DRIFTED"
			}
			return []byte(`{"DetectionStatus":"DETECTION_FAILED","DetectionStatusReason":"Failed to detect drift on resource [Logs]: AccessDenied","StackDriftStatus":"` + status + `"}`), nil
		}
		if len(a.drifted[after(args, "--stack-drift-detection-id")]) > 0 {
			return []byte(`{"DetectionStatus":"DETECTION_COMPLETE","StackDriftStatus":"DRIFTED"}`), nil
		}
		return []byte(`{"DetectionStatus":"DETECTION_COMPLETE","StackDriftStatus":"IN_SYNC"}`), nil
	case "describe-stack-resource-drifts":
		var list []map[string]string
		for _, id := range a.drifted[stack] {
			list = append(list, map[string]string{"LogicalResourceId": id})
		}
		return json.Marshal(map[string]any{"StackResourceDrifts": list})
	case "describe-stacks":
		if a.status == "" {
			return nil, errors.New("Stack with id " + stack + " does not exist")
		}
		return []byte(`{"Stacks":[{"StackStatus":"` + a.status + `"}]}`), nil
	}
	return nil, errors.New("unexpected " + args[1])
}

func after(args []string, flag string) string {
	for i, a := range args {
		if a == flag {
			return args[i+1]
		}
	}
	return ""
}

const rootTemplate = `Parameters:
  Stage: {Type: String}
  DatabaseUrl: {Type: String, NoEcho: true}
  SentryDsn: {Type: String, Default: '', NoEcho: true}
  PaymentCredentialsEncryptionKey: {Type: String, NoEcho: true}
  PaymentCredentialsEncryptionKeyPrevious: {Type: String, Default: '', NoEcho: true}
  AllowedOrigins: {Type: String}
  ClerkAuthorizedParties: {Type: String}
  NextPublicAppUrl: {Type: String}
  DbPoolMax: {Type: Number, Default: 2}
  CronsEnabled: {Type: String, Default: 'false'}
  DeployAtOnce: {Type: String, Default: 'false'}
`

const envExample = "STAGE=local\n# DATABASE_URL=x\n# DIRECT_DATABASE_URL=x\n# ALLOWED_ORIGINS=x\n# CLERK_AUTHORIZED_PARTIES=x\n# NEXT_PUBLIC_APP_URL=x\n# DB_POOL_MAX=2\n# CRONS_ENABLED=true\n# SENTRY_DSN=\n# PAYMENT_CREDENTIALS_ENCRYPTION_KEY=\n# PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS=\n" +
	"# ALARM_TOPIC_ARN=\n# MONTHLY_BUDGET_USD=0\n# BUDGET_EMAIL=\n# DEPLOY_AT_ONCE=false\n"

func stored(stage string, without ...string) map[string]setting {
	all := map[string]setting{
		"DATABASE_URL":                       {"/fitkit/" + stage + "/shared/DATABASE_URL", "SecureString", "postgres://secret", 3},
		"DIRECT_DATABASE_URL":                {"/fitkit/" + stage + "/shared/DIRECT_DATABASE_URL", "SecureString", "postgres://secret", 3},
		"ALLOWED_ORIGINS":                    {"/fitkit/" + stage + "/shared/ALLOWED_ORIGINS", "String", "https://app.fitkit.example", 3},
		"CLERK_AUTHORIZED_PARTIES":           {"/fitkit/" + stage + "/shared/CLERK_AUTHORIZED_PARTIES", "String", "https://app.fitkit.example", 3},
		"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": {"/fitkit/" + stage + "/billing/PAYMENT_CREDENTIALS_ENCRYPTION_KEY", "SecureString", strings.Repeat("5a", 32), 3},
		"NEXT_PUBLIC_APP_URL":                {"/fitkit/" + stage + "/shared/NEXT_PUBLIC_APP_URL", "String", "https://app.fitkit.example", 3},
		"ALARM_TOPIC_ARN":                    {"/fitkit/" + stage + "/shared/ALARM_TOPIC_ARN", "String", "arn:aws:sns:eu-central-1:000000000000:alarms", 3},
		"MONTHLY_BUDGET_USD":                 {"/fitkit/" + stage + "/shared/MONTHLY_BUDGET_USD", "String", "300", 3},
		"BUDGET_EMAIL":                       {"/fitkit/" + stage + "/shared/BUDGET_EMAIL", "String", "owner@fitkit.example", 3},
	}
	for _, name := range without {
		delete(all, name)
	}
	return all
}

// moved has the database's address in a domain whose parameters no role may read it from.
func moved(settings map[string]setting) map[string]setting {
	settings["DATABASE_URL"] = setting{"/fitkit/staging/billing/DATABASE_URL", "SecureString", "hush", 3}
	return settings
}

// checkout is a folder with what a release reads, built or not.
func checkout(t *testing.T, built bool) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"template.yaml": rootTemplate, "template-preview.yaml": rootTemplate, ".env.example": envExample}
	if built {
		files[".aws-sam/build/template.yaml"] = rootTemplate
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// release runs a command against the account and gives what it printed.
func release(t *testing.T, a *account, root, stage string, env map[string]string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	r := &Release{AWS: a.aws, Getenv: func(name string) string { return env[name] }, Root: root, Out: &out, Wait: func() {}}
	err := r.run(context.Background(), stage, args)
	return out.String(), err
}

// A drift that could not be read counted for none, a stack that CloudFormation would not update was migrated for, and of what was
// missing the migrations' own connection was not named: red so before any of them was looked at.
func TestWhatIsWrongIsSaidInOneSentenceBeforeAnythingIsChanged(t *testing.T) {
	copied := stored("staging")
	copied["DATABASE_URL"] = setting{"/fitkit/staging/shared/DATABASE_URL", "SecureString", "x", 3}
	owners := stored("staging")
	owners[owner] = setting{"/fitkit/staging/shared/DIRECT_DATABASE_URL", "SecureString", "x", 3}
	for name, tc := range map[string]struct {
		account *account
		stage   string
		env     map[string]string
		unbuilt bool
		want    string
	}{
		"no stage":                 {&account{}, "", nil, false, "say which stage"},
		"an unknown stage":         {&account{}, "prod", nil, false, `there is no stage "prod" to deploy to: take preview, staging or production`},
		"another region":           {&account{}, "staging", map[string]string{"AWS_REGION": "us-east-1"}, false, "AWS_REGION is us-east-1, and FitKit runs in eu-central-1"},
		"a preview without a name": {&account{}, "preview", map[string]string{"STACK": "fitkit-prod"}, false, "set STACK=fitkit-pr-<number"},
		"nobody signed in":         {&account{refused: "aws ssm: ExpiredToken"}, "staging", nil, false, "sign in to its account and try again (aws ssm: ExpiredToken)"},
		"nothing built":            {&account{settings: stored("staging")}, "staging", nil, true, "run make sam-build first"},
		"a missing parameter":      {&account{settings: stored("staging", "DATABASE_URL")}, "staging", nil, false, "staging has no DATABASE_URL: put each into the parameter store as /fitkit/staging/shared/DATABASE_URL"},
		"the migrations' database": {&account{settings: stored("staging", owner)}, "staging", nil, false, "staging has no DIRECT_DATABASE_URL: put each into the parameter store as /fitkit/staging/shared/DIRECT_DATABASE_URL"},
		"another stage's settings": {&account{settings: stored("production")}, "staging", nil, false, "staging has no ALLOWED_ORIGINS, CLERK_AUTHORIZED_PARTIES, DATABASE_URL, DIRECT_DATABASE_URL, NEXT_PUBLIC_APP_URL, PAYMENT_CREDENTIALS_ENCRYPTION_KEY: put each into the parameter store as /fitkit/staging/<domain>/<VARIABLE>"},
		"a stack that cannot be compared": {&account{settings: stored("staging"), status: "UPDATE_COMPLETE", blind: "fitkit-staging-Billing"}, "staging", nil, false,
			"whether somebody changed fitkit-staging-Billing by hand cannot be told (DETECTION_FAILED: Failed to detect drift on resource [Logs]: AccessDenied): give the role"},
		"a stack changed by hand":    {&account{settings: stored("staging"), status: "UPDATE_COMPLETE", drifted: map[string][]string{"fitkit-staging": {"HttpApi"}}}, "staging", nil, false, "somebody changed fitkit-staging/HttpApi by hand"},
		"a domain changed by hand":   {&account{settings: stored("production"), status: "UPDATE_COMPLETE", drifted: map[string][]string{"fitkit-prod-Billing": {"Logs", "FailedRuns"}}}, "production", nil, false, "somebody changed fitkit-prod-Billing/Logs, fitkit-prod-Billing/FailedRuns by hand"},
		"a deployment under way":     {&account{settings: stored("staging"), status: "UPDATE_IN_PROGRESS"}, "staging", nil, false, "wait until it is over, and deploy then"},
		"a stack that never stood":   {&account{settings: stored("staging"), status: "ROLLBACK_COMPLETE"}, "staging", nil, false, "delete the stack, and deploy then"},
		"a roll-back that failed":    {&account{settings: stored("staging"), status: "UPDATE_ROLLBACK_FAILED"}, "staging", nil, false, "continue the rollback in the CloudFormation console, and deploy then"},
		"a setting in two domains":   {&account{settings: map[string]setting{"a": {"/fitkit/staging/billing/X", "String", "1", 3}, "b": {"/fitkit/staging/org/X", "String", "1", 3}}}, "staging", nil, false, "are one variable: delete one of them"},
		"a secret in another domain": {&account{settings: moved(stored("staging"))}, "staging", nil, false, "staging has no DATABASE_URL: put each into the parameter store as /fitkit/staging/shared/DATABASE_URL"},
		"the example's owner":        {&account{settings: owners}, "staging", nil, false, "DIRECT_DATABASE_URL of staging has the value of .env.example, which everybody knows: put a secret of its own"},
		"a secret of the example":    {&account{settings: copied}, "staging", nil, false, "DATABASE_URL of staging has the value of .env.example, which everybody knows: put a secret of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := release(t, tc.account, checkout(t, !tc.unbuilt), tc.stage, tc.env, "check")
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, %q; want one sentence with %q", err, out, tc.want)
			}
		})
	}
}

// Red when each of the four checks was left out.
func TestTestHooksAreDeployedToPreviewsAlone(t *testing.T) {
	preview := map[string]string{"STACK": "fitkit-pr-12", "FRONTEND_URL": "https://a.vercel.app", "ALLOWED_ORIGINS": "https://a.vercel.app"}
	for name, tc := range map[string]struct{ stage, built, setting, want string }{
		"a preview's build in production":   {"production", rootTemplate + "  TestHooksEnabled: {Type: String, Default: 'false'}\n", "", "run make sam-build without TESTHOOKS"},
		"a preview's build in staging":      {"staging", rootTemplate + "  TestHooksEnabled: {Type: String, Default: 'false'}\n", "", "run make sam-build without TESTHOOKS"},
		"a seed secret in production":       {"production", rootTemplate, "TEST_SEED_SECRET", "production must not have TEST_SEED_SECRET, which is for tests: delete /fitkit/production/shared/TEST_SEED_SECRET"},
		"the hooks' switch in staging":      {"staging", rootTemplate, "TEST_HOOKS_ENABLED", "staging must not have TEST_HOOKS_ENABLED"},
		"test sign-ins in production":       {"production", rootTemplate, "TEST_AUTH_BYPASS", "production must not have TEST_AUTH_BYPASS"},
		"a preview built without the hooks": {"preview", rootTemplate, "", "run make sam-build TESTHOOKS=1"},
		"one address of all previews":       {"preview", rootTemplate + "  TestHooksEnabled: {Type: String, Default: 'false'}\n", "PUBLIC_API_URL", "each has its own: delete /fitkit/preview/shared/PUBLIC_API_URL"},
		"a preview with all of it":          {"preview", rootTemplate + "  TestHooksEnabled: {Type: String, Default: 'false'}\n", "TEST_SEED_SECRET", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root, settings := checkout(t, true), stored(tc.stage)
			if err := os.WriteFile(filepath.Join(root, ".aws-sam/build/template.yaml"), []byte(tc.built), 0o644); err != nil {
				t.Fatal(err)
			}
			if tc.setting != "" {
				settings[tc.setting] = setting{"/fitkit/" + tc.stage + "/shared/" + tc.setting, "String", "hush", 3}
			}
			_, err := release(t, &account{settings: settings}, root, tc.stage, preview, "check")
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

func TestASoundStageCanBeDeployed(t *testing.T) {
	for name, a := range map[string]*account{
		"for the first time": {settings: stored("staging")},
		"again":              {settings: stored("staging"), status: "UPDATE_COMPLETE"},
		"after a change set that was never executed": {settings: stored("staging"), status: "REVIEW_IN_PROGRESS"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := release(t, a, checkout(t, true), "staging", map[string]string{"AWS_REGION": region}, "check")
			if err != nil || out != "staging can be deployed to fitkit-staging.\n" {
				t.Errorf("%v %q", err, out)
			}
		})
	}
}

// TestTheParametersComeFromTheStoreAndAPreviewsFromItsPullRequest: secrets by name, encryption keys with their version; a preview's
// own database by its address, and its schedules when they are asked for. It has been red with a secret's value in the file, and with the store read in the clear.
func TestTheParametersComeFromTheStoreAndAPreviewsFromItsPullRequest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	env := map[string]string{"STACK": "fitkit-pr-12", "ALLOWED_ORIGINS": "https://a.vercel.app,https://b.vercel.app", "FRONTEND_URL": "https://a.vercel.app",
		"DATABASE_URL": "postgres://branch", "CRONS_ENABLED": "true"}
	for stage, want := range map[string]string{
		"staging": `{"AllowedOrigins":"https://app.fitkit.example","ClerkAuthorizedParties":"https://app.fitkit.example","CronsEnabled":"false","DatabaseUrl":"ssm:/fitkit/staging/shared/DATABASE_URL","DbPoolMax":"2","DeployAtOnce":"false","NextPublicAppUrl":"https://app.fitkit.example","PaymentCredentialsEncryptionKey":"ssm:/fitkit/staging/billing/PAYMENT_CREDENTIALS_ENCRYPTION_KEY:3","PaymentCredentialsEncryptionKeyPrevious":"","SentryDsn":"ssm:/fitkit/staging/shared/SENTRY_DSN","Stage":"staging"}`,
		"preview": `{"AllowedOrigins":"https://a.vercel.app,https://b.vercel.app","ClerkAuthorizedParties":"https://a.vercel.app,https://b.vercel.app","CronsEnabled":"true","DatabaseUrl":"postgres://branch","DbPoolMax":"2","DeployAtOnce":"false","NextPublicAppUrl":"https://a.vercel.app","PaymentCredentialsEncryptionKey":"ssm:/fitkit/preview/billing/PAYMENT_CREDENTIALS_ENCRYPTION_KEY:3","PaymentCredentialsEncryptionKeyPrevious":"","SentryDsn":"ssm:/fitkit/preview/shared/SENTRY_DSN","Stage":"preview"}`,
	} {
		a := &account{settings: stored(stage)}
		if _, err := release(t, a, checkout(t, true), stage, env, "parameters", "-out", file); err != nil {
			t.Fatal(err)
		}
		if len(a.asked) != 1 || !strings.Contains(a.asked[0], "--no-with-decryption") {
			t.Errorf("it asked for the secrets' values: %v", a.asked)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Compact(&got, raw); err != nil || got.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", stage, err, got.String(), want)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("others can read the secrets: %v %v", info.Mode(), err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := release(t, &account{settings: stored("staging", "DATABASE_URL")}, checkout(t, true), "staging", nil, "parameters", "-out", file); err == nil {
		t.Error("wrote parameters without a database")
	}
}

// A preview is given the parameters of the template that is deployed, which is the pull request's, and none that only main has. Red
// with main's template read.
func TestAPreviewIsGivenTheParametersOfItsOwnTemplate(t *testing.T) {
	root, file := checkout(t, true), filepath.Join(t.TempDir(), "p.yaml")
	own := strings.Replace(rootTemplate, "  DbPoolMax:", "  NewOfThePullRequest: {Type: String}\n  DbPoolMax:", 1)
	own = strings.Replace(own, "  NextPublicAppUrl: {Type: String}\n", "", 1) + "  TestHooksEnabled: {Type: String, Default: 'false'}\n"
	if err := os.WriteFile(filepath.Join(root, built), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	settings, env := stored("preview"), map[string]string{"STACK": "fitkit-pr-12", "DATABASE_URL": "postgres://branch"}
	if _, err := release(t, &account{settings: settings}, root, "preview", env, "check"); err == nil || !strings.Contains(err.Error(), "preview has no NEW_OF_THE_PULL_REQUEST") {
		t.Errorf("a parameter that the pull request adds: %v", err)
	}
	settings["NEW_OF_THE_PULL_REQUEST"] = setting{"/fitkit/preview/shared/NEW_OF_THE_PULL_REQUEST", "String", "here", 3}
	if _, err := release(t, &account{settings: settings}, root, "preview", env, "parameters", "-out", file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `"NewOfThePullRequest": "here"`) || strings.Contains(string(text), "NextPublicAppUrl") {
		t.Errorf("%v\n%s", err, text)
	}
}

// A deployment at once is one deployment's: the next one says so again or is gradual, whatever the store holds. Red with the parameter
// left out when nothing is said, and with the store's value taken.
func TestADeploymentAtOnceIsNotTheNextOnesToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	settings := stored("production")
	settings[atOnce] = setting{"/fitkit/production/shared/DEPLOY_AT_ONCE", "String", "true", 3}
	for said, want := range map[string]string{"true": `"DeployAtOnce": "true"`, "false": `"DeployAtOnce": "false"`, "": `"DeployAtOnce": "false"`} {
		if _, err := release(t, &account{settings: settings}, checkout(t, true), "production", map[string]string{atOnce: said}, "parameters", "-out", file); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("said %q: %v\n%s", said, err, text)
		}
	}
	_, err := release(t, &account{settings: stored("production")}, checkout(t, true), "production", map[string]string{atOnce: "1"}, "check")
	if err == nil || !strings.Contains(err.Error(), `DEPLOY_AT_ONCE is "1": say true`) {
		t.Errorf("what the template would refuse after the migrations: %v", err)
	}
}

// Red with the look left out, with a budget of 0 taken for one, and with staging refused.
func TestAProductionWhoseAlarmsReachNobodyIsNotDeployed(t *testing.T) {
	const topic, budget = "has no ALARM_TOPIC_ARN, so its alarms would reach nobody: make the topic", "has no budget, so nobody would hear what it costs: store"
	for name, tc := range map[string]struct {
		stage, without, usd string
		says                string
		ok                  bool
	}{
		"production without a topic":     {"production", "ALARM_TOPIC_ARN", "300", "production " + topic, false},
		"production without a budget":    {"production", "MONTHLY_BUDGET_USD", "", "production " + budget, false},
		"a budget that nobody hears of":  {"production", "BUDGET_EMAIL", "300", "production " + budget, false},
		"a budget of nothing":            {"production", "", "0", "production " + budget, false},
		"production that is watched":     {"production", "", "300", "", true},
		"staging without a topic":        {"staging", "ALARM_TOPIC_ARN", "300", "Mind: staging " + topic, true},
		"staging without a budget":       {"staging", "BUDGET_EMAIL", "300", "Mind: staging " + budget, true},
		"a preview has neither, quietly": {"preview", "ALARM_TOPIC_ARN", "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			root, settings := checkout(t, true), stored(tc.stage, tc.without)
			if s, ok := settings["MONTHLY_BUDGET_USD"]; ok && tc.usd != "" {
				s.Value = tc.usd
				settings["MONTHLY_BUDGET_USD"] = s
			}
			if tc.stage == "preview" {
				if err := os.WriteFile(filepath.Join(root, ".aws-sam/build/template.yaml"), []byte(rootTemplate+"  TestHooksEnabled: {Type: String, Default: 'false'}\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, err := release(t, &account{settings: settings}, root, tc.stage, map[string]string{"STACK": "fitkit-pr-12"}, "check")
			if err != nil {
				out += err.Error()
			}
			if (err == nil) != tc.ok || !strings.Contains(out, tc.says) || tc.says == "" && strings.Contains(out, "has no") || strings.Count(strings.TrimSpace(out), "\n") > 1 {
				t.Errorf("%q; want it to say %q", out, tc.says)
			}
		})
	}
}

func TestTheDifferenceToTheExampleIsNamesAndNeverValues(t *testing.T) {
	settings := stored("staging", "ALLOWED_ORIGINS")
	settings["OLD_KEY"] = setting{"/fitkit/staging/org/OLD_KEY", "SecureString", "hush", 3}
	settings["DATABASE_URL"] = setting{"/fitkit/staging/shared/DATABASE_URL", "String", "hush", 3}
	settings[owner] = setting{"/fitkit/staging/shared/DIRECT_DATABASE_URL", "String", "hush", 3}
	a := &account{settings: settings}
	out, err := release(t, a, checkout(t, false), "staging", nil, "diff")
	want := "! DATABASE_URL is a secret and /fitkit/staging/shared/DATABASE_URL is a String: put it again as a SecureString, and change the secret\n" +
		"! DIRECT_DATABASE_URL is a secret and /fitkit/staging/shared/DIRECT_DATABASE_URL is a String: put it again as a SecureString, and change the secret\n" +
		"- OLD_KEY is not in .env.example: delete /fitkit/staging/org/OLD_KEY, or describe it there\n" +
		"+ ALLOWED_ORIGINS is missing: put it at /fitkit/staging/<domain>/ALLOWED_ORIGINS\n"
	if out != want || err == nil || err.Error() != "staging differs from .env.example in 4 place(s)" {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
	if !strings.Contains(a.asked[0], "--no-with-decryption") {
		t.Errorf("it asked for the secrets' values: %s", a.asked[0])
	}
	out, err = release(t, &account{settings: moved(stored("staging"))}, checkout(t, false), "staging", nil, "diff")
	want = "+ DATABASE_URL is missing: put it at /fitkit/staging/shared/DATABASE_URL\n" +
		"! /fitkit/staging/billing/DATABASE_URL is read by nobody, for functions read /fitkit/staging/shared/DATABASE_URL: put it there, and delete this one\n"
	if out != want || err == nil {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
	out, err = release(t, &account{settings: stored("staging")}, checkout(t, false), "staging", nil, "diff")
	if err != nil || out != "The settings of staging are those of .env.example.\n" {
		t.Errorf("%v %q", err, out)
	}
}

func TestACommandGetsTheStagesSettings(t *testing.T) {
	out, err := release(t, &account{settings: stored("staging")}, checkout(t, false), "staging", nil, "exec", "--", "sh", "-c", "echo $DATABASE_URL $#", "x;y")
	if err != nil || out != "postgres://secret 0\n" {
		t.Errorf("%v %q", err, out)
	}
}

// TestASecretThatNoFunctionReadsItselfIsNotPassed: its value would stand in the stack.
func TestASecretThatNoFunctionReadsItselfIsNotPassed(t *testing.T) {
	root := checkout(t, true)
	text := strings.Replace(rootTemplate, "AllowedOrigins: {Type: String}", "AllowedOrigins: {Type: String, NoEcho: true}", 1)
	if err := os.WriteFile(filepath.Join(root, "template.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := release(t, &account{settings: stored("staging")}, root, "staging", nil, "parameters", "-out", filepath.Join(root, "p.yaml"))
	if err == nil || !strings.Contains(err.Error(), "ALLOWED_ORIGINS is a secret that no function reads from the parameter store") {
		t.Error(err)
	}
}

// The migrations stand before sam deploy begins, and the sentence said that nothing was changed: red with it.
func TestAFailedDeploymentSaysWhatIsLeft(t *testing.T) {
	const schema = "the schema is already this release's, which the version before runs on"
	for name, tc := range map[string]struct {
		step, status string
		says         []string
	}{
		"the migrations":                      {"migration", "UPDATE_COMPLETE", []string{"no function was changed: what was applied before the error above stays", "deploy again"}},
		"the keys":                            {"keys", "UPDATE_COMPLETE", []string{"no function was changed", schema, "deploy again"}},
		"the stack is not there":              {"deployment", "", []string{"before anything of fitkit-prod existed", schema, "deploy again"}},
		"its change set was never executed":   {"deployment", "REVIEW_IN_PROGRESS", []string{"before anything of fitkit-prod existed", schema, "deploy again"}},
		"it was taken back":                   {"deployment", "UPDATE_ROLLBACK_COMPLETE", []string{"no function was changed: fitkit-prod runs the version before", schema, "deploy again"}},
		"it did not begin, or AWS was silent": {"deployment", "UPDATE_COMPLETE", []string{"read the first error above for whether its update began", schema, "deploy again"}},
		"the first one was taken back":        {"deployment", "ROLLBACK_COMPLETE", []string{"delete the empty stack", schema}},
		"it could not be taken back":          {"deployment", "UPDATE_ROLLBACK_FAILED", []string{"continue the rollback", schema}},
		"another one runs":                    {"deployment", "UPDATE_IN_PROGRESS", []string{"wait until it is over", schema}},
		"no step":                             {"", "UPDATE_COMPLETE", []string{"a deployment fails at"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := release(t, &account{status: tc.status}, checkout(t, true), "production", nil, "outcome", tc.step)
			if err == nil {
				t.Fatal("a failure went by as a success")
			}
			for _, part := range tc.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
			if tc.step != "" && !strings.Contains(err.Error(), "nothing needs to be undone") || strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("%v", err)
			}
		})
	}
}
