package workflows

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

type bootstrap struct {
	Parameters map[string]struct {
		AllowedValues  []string `yaml:"AllowedValues"`
		AllowedPattern string   `yaml:"AllowedPattern"`
		Default        string   `yaml:"Default"`
	} `yaml:"Parameters"`
	Mappings  map[string]map[string]map[string]string `yaml:"Mappings"`
	Resources map[string]struct {
		Properties struct {
			Trust struct {
				Statement []struct {
					Action    string                          `yaml:"Action"`
					Condition map[string]map[string]yaml.Node `yaml:"Condition"`
				} `yaml:"Statement"`
			} `yaml:"AssumeRolePolicyDocument"`
			Policies []struct {
				Document struct {
					Statement []struct {
						Action   list      `yaml:"Action"`
						Resource yaml.Node `yaml:"Resource"`
					} `yaml:"Statement"`
				} `yaml:"PolicyDocument"`
			} `yaml:"Policies"`
		} `yaml:"Properties"`
	} `yaml:"Resources"`
}

// list is one value or several.
type list []string

func (l *list) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = list{n.Value}
		return nil
	}
	return n.Decode((*[]string)(l))
}

func deployRole(t *testing.T) (b bootstrap) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "infra/bootstrap/github-oidc.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// A wildcard in the subject would let any branch of anybody's pull request deploy. GitHub writes the subject of repositories made,
// renamed or moved since July 15, 2026 with the owner's id and the repository's; a role believes one form. Red with StringLike, with the
// subject's environment left out of either form, with either id left out, and with a stage that no workflow deploys.
func TestTheDeployRoleBelievesOneEnvironmentOfOneRepository(t *testing.T) {
	b := deployRole(t)
	trust := b.Resources["Role"].Properties.Trust.Statement
	want := map[string][]string{
		"token.actions.githubusercontent.com:aud": {"sts.amazonaws.com"},
		"token.actions.githubusercontent.com:sub": {"NamedByIds",
			"repo:${Owner}@${OwnerId}/${Name}@${RepositoryId}:environment:${Stage}", "Owner", "0", "/", "Repository", "Name", "1", "/", "Repository",
			"repo:${Repository}:environment:${Stage}"},
	}
	if len(trust) != 1 || trust[0].Action != "sts:AssumeRoleWithWebIdentity" || len(trust[0].Condition) != 1 {
		t.Fatalf("the role believes %v", trust)
	}
	believed := map[string][]string{}
	for claim, node := range trust[0].Condition["StringEquals"] {
		believed[claim] = scalars(&node)
	}
	if !maps.EqualFunc(believed, want, slices.Equal) {
		t.Errorf("the role believes %q", believed)
	}
	for _, name := range []string{"OwnerId", "RepositoryId"} {
		p := b.Parameters[name]
		if id := regexp.MustCompile(p.AllowedPattern); p.AllowedPattern == "" || p.Default != "" || id.MatchString("*") || id.MatchString("1/x") || !id.MatchString("50894789") {
			t.Errorf("%s may be %s", name, p.AllowedPattern)
		}
	}
	if p := b.Parameters["Repository"].AllowedPattern; regexp.MustCompile(p).MatchString("acme/*") || !regexp.MustCompile(p).MatchString("acme/fit-kit.api") {
		t.Errorf("a repository may be named by %s", p)
	}
	deployed := map[string]bool{}
	for _, w := range all(t) {
		for _, j := range w.Jobs {
			cloud := slices.ContainsFunc(j.Steps, func(s step) bool { return strings.HasPrefix(s.Uses, "aws-actions/") })
			if cloud && !strings.Contains(j.Environment, "inputs.stage") {
				deployed[j.Environment] = true
			}
			if strings.HasSuffix(j.Uses, "/deploy.yml") {
				deployed[j.With["stage"]] = true
			}
		}
	}
	stages := slices.Sorted(slices.Values(b.Parameters["Stage"].AllowedValues))
	if got := slices.Sorted(maps.Keys(deployed)); !slices.Equal(got, stages) {
		t.Errorf("workflows deploy %q, and there are roles for %q", got, stages)
	}
	for _, stage := range stages {
		if b.Mappings["Stages"][stage]["Stack"] == "" {
			t.Errorf("%s has no stack's name", stage)
		}
	}
	config, err := os.ReadFile(filepath.Join(repository, "samconfig.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{"staging", "production"} {
		if line := "[" + stage + ".deploy.parameters]\nstack_name = \"" + b.Mappings["Stages"][stage]["Stack"] + "\"\n"; !strings.Contains(string(config), line) {
			t.Errorf("samconfig.toml has no %q", line)
		}
	}
}

// scalars are the texts in a node, in order.
func scalars(n *yaml.Node) (out []string) {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	for _, c := range n.Content {
		out = append(out, scalars(c)...)
	}
	return out
}

// askedOf is a command that the release asks AWS by, and its service; those of CloudFormation go through ask.
var askedOf = regexp.MustCompile(`r\.(?:AWS\(ctx, "([a-z]+)", |ask\(ctx, &\w+, )"([a-z-]+)"`)

// What make deploy-check may not ask stops it before a deployment, or says nothing. Red with each of these actions left out of the role.
func TestTheDeployRoleMayAskWhatAReleaseAsks(t *testing.T) {
	var may []string
	for _, s := range deployRole(t).Resources["Role"].Properties.Policies[0].Document.Statement {
		may = append(may, s.Action...)
	}
	files, err := filepath.Glob(filepath.Join(repository, "infra/tools/release/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range askedOf.FindAllStringSubmatch(string(text), -1) {
			action := cmp.Or(m[1], "cloudformation") + ":"
			for word := range strings.SplitSeq(m[2], "-") {
				action += strings.ToUpper(word[:1]) + word[1:]
			}
			asked[action] = true
		}
	}
	for action := range asked {
		if !slices.Contains(may, action) && !(strings.HasPrefix(action, "lambda:GetFunction") && slices.Contains(may, "lambda:Get*")) {
			t.Errorf("a release asks for %s, which the deploy role may not", action)
		}
	}
	if len(asked) < 8 {
		t.Errorf("a release asks for %v", slices.Sorted(maps.Keys(asked)))
	}
}

var namedLogs = regexp.MustCompile(`LogGroupName: !Sub '([^']+)/[a-z{}.A-Z]+'`)

// A log group under a name that the role may not make fails in the middle of a deployment. Red with either place left out of the role.
func TestTheDeployRoleMayMakeTheLogGroupsOfTheTemplates(t *testing.T) {
	var may []string
	for _, s := range deployRole(t).Resources["Role"].Properties.Policies[0].Document.Statement {
		if slices.Contains(s.Action, "logs:CreateLogGroup") {
			may = append(may, scalars(&s.Resource)...)
		}
	}
	files, err := filepath.Glob(filepath.Join(repository, "infra/stacks/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]bool{}
	for _, file := range append(files, filepath.Join(repository, "template.yaml"), filepath.Join(repository, "template-preview.yaml")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedLogs.FindAllStringSubmatch(string(text), -1) {
			place := strings.NewReplacer("${Prefix}", "${Stack}", "${AWS::StackName}", "${Stack}").Replace(m[1])
			places[place] = true
			if !slices.Contains(may, "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"+place+"/*") {
				t.Errorf("%s has log groups at %s, which the deploy role may not make", filepath.Base(file), place)
			}
		}
	}
	if len(places) != 2 {
		t.Errorf("log groups stand at %v", places)
	}
}

var resourceType = regexp.MustCompile(`Type: (AWS::[A-Za-z0-9]+::[A-Za-z0-9]+|ScheduleV2|SQS)\b|(DeploymentPreference|AutoPublishAlias|EventInvokeConfig):`)

// needs is an action by which the role makes each kind of resource, or what SAM makes of it.
var needs = map[string]string{
	"AWS::ApiGatewayV2::Api": "apigateway:POST", "AWS::ApiGatewayV2::ApiMapping": "apigateway:POST", "AWS::ApiGatewayV2::DomainName": "apigateway:AddCertificateToDomain",
	"AWS::ApiGatewayV2::Integration": "apigateway:POST", "AWS::ApiGatewayV2::Route": "apigateway:POST", "AWS::ApiGatewayV2::Stage": "apigateway:POST",
	"AWS::Budgets::Budget": "budgets:ModifyBudget", "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm", "AWS::IAM::Role": "iam:CreateRole",
	"AWS::Lambda::Permission": "lambda:AddPermission", "AWS::Logs::LogGroup": "logs:CreateLogGroup", "AWS::SQS::Queue": "sqs:CreateQueue",
	"AWS::Serverless::Application": "cloudformation:CreateStack", "AWS::Serverless::Function": "lambda:CreateFunction", "ScheduleV2": "scheduler:CreateSchedule",
	"SQS": "lambda:CreateEventSourceMapping", "DeploymentPreference": "codedeploy:CreateDeploymentGroup", "AutoPublishAlias": "lambda:CreateAlias",
	"EventInvokeConfig": "lambda:PutFunctionEventInvokeConfig",
}

// A kind of resource that the role may not make fails in the middle of a deployment. Red with a statement of the role left out, and
// with a kind left out of needs.
func TestTheDeployRoleMayMakeWhatTheTemplatesDeclare(t *testing.T) {
	var may []string
	for _, p := range deployRole(t).Resources["Role"].Properties.Policies {
		for _, s := range p.Document.Statement {
			may = append(may, s.Action...)
		}
	}
	files, err := filepath.Glob(filepath.Join(repository, "infra/stacks/*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stacks: %v", err)
	}
	for _, file := range append(files, filepath.Join(repository, "template.yaml"), filepath.Join(repository, "template-preview.yaml")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range resourceType.FindAllStringSubmatch(string(text), -1) {
			kind := m[1] + m[2]
			if needs[kind] == "" || !slices.Contains(may, needs[kind]) {
				t.Errorf("%s has a %s, and the deploy role may not %q", filepath.Base(file), kind, needs[kind])
			}
		}
	}
	for _, action := range may {
		if slices.Contains([]string{"*", "iam:*", "lambda:InvokeFunction", "sqs:ReceiveMessage", "logs:GetLogEvents", "ssm:PutParameter"}, action) {
			t.Errorf("the deploy role may %s, which no deployment needs", action)
		}
	}
}
