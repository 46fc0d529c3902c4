package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/shared/catalog"
	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/run"
)

// statement is one grant of a role, with its resources as the template writes them.
type statement struct {
	Actions, Resources []string
}

// grants reads the role of every function by the function's name.
func grants(t *testing.T) map[string][]statement {
	t.Helper()
	out := map[string][]statement{}
	for _, s := range stacks(t) {
		for _, r := range s.Resources {
			if r.Type == "AWS::Serverless::Function" {
				name := strings.TrimPrefix(value(&r.Properties, "CodeUri").Value, "../../bin/")
				role := strings.TrimSuffix(value(&r.Properties, "Role").Value, ".Arn")
				properties := s.Resources[role].Properties
				out[name] = statements(&properties)
			}
		}
	}
	return out
}

func statements(role *yaml.Node) []statement {
	var out []statement
	for _, policy := range value(role, "Policies").Content {
		for _, s := range value(value(policy, "PolicyDocument"), "Statement").Content {
			out = append(out, statement{texts(value(s, "Action")), texts(value(s, "Resource"))})
		}
	}
	return out
}

func value(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return &yaml.Node{}
}

func texts(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, c.Value)
	}
	return out
}

// allowed is every resource that the actions of one kind reach.
func allowed(list []statement, action string) []string {
	var out []string
	for _, s := range list {
		if slices.Contains(s.Actions, action) {
			out = append(out, s.Resources...)
		}
	}
	slices.Sort(out)
	return out
}

func TestAFunctionMaySendOnlyWhereItsDeclarationSays(t *testing.T) {
	all := grants(t)
	for _, s := range catalog.All() {
		var want []string
		for _, n := range s.Needs {
			arn := "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Prefix}-" + n.Queue
			if n.Kind == "send" && !slices.Contains(want, arn) {
				want = append(want, arn)
			}
		}
		if s.Schedule != nil {
			want = append(want, "FailedRuns.Arn") // where Lambda puts runs that failed at every try
		}
		slices.Sort(want)
		if got := allowed(all[s.Name], "sqs:SendMessage"); !slices.Equal(got, want) {
			t.Errorf("%s may send to %q, its needs say %q", s.Name, got, want)
		}
	}
}

func TestAFunctionMayReceiveOnlyFromItsOwnQueue(t *testing.T) {
	all := grants(t)
	for _, s := range catalog.All() {
		for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"} {
			got := allowed(all[s.Name], action)
			if s.Queue == nil && got != nil || s.Queue != nil && (len(got) != 1 || !strings.HasSuffix(got[0], "Queue.Arn")) {
				t.Errorf("%s: %s on %q", s.Name, action, got)
			}
		}
	}
}

// locked is what may be done in the compliance bucket, and inBucket a folder of it: S3's objects have no other names.
var (
	locked = []string{"s3:PutObject", "s3:PutObjectRetention", "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention",
		"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"}
	inBucket = regexp.MustCompile(`^arn:\$\{AWS::Partition\}:s3:::\$\{R2ComplianceBucketName\}/[a-z-]+/\*$`)
)

// ofOurSockets is the connections of the WebSocket API, whose ids API Gateway makes.
var ofOurSockets = regexp.MustCompile(`^arn:\$\{AWS::Partition\}:execute-api:\$\{AWS::Region\}:\$\{AWS::AccountId\}:\$\{RealtimeApi\}/live/(POST|DELETE)/@connections/\*$`)

func TestOnlyWhoNeedsConnectionsMayManageThem(t *testing.T) {
	all := grants(t)
	for _, s := range catalog.All() {
		got := allowed(all[s.Name], "execute-api:ManageConnections")
		if needed := slices.Contains(s.Needs, need.Connections); needed != (len(got) == 2) || !needed && len(got) > 0 {
			t.Errorf("%s may manage %q, and whether it needs to is %t", s.Name, got, needed)
		}
	}
}

// Red when the template granted it to every function, when it granted it to none, and when it granted all of CloudWatch.
func TestOnlyWhoNeedsMetricsMayReadThem(t *testing.T) {
	all := grants(t)
	for _, s := range catalog.All() {
		got := allowed(all[s.Name], "cloudwatch:GetMetricData")
		if needed := slices.Contains(s.Needs, need.Metrics); needed != slices.Equal(got, []string{"*"}) || !needed && len(got) > 0 {
			t.Errorf("%s may read metrics of %q, and whether it needs to is %t", s.Name, got, needed)
		}
	}
}

// TestAFunctionMayReadOnlyTheSecretsThatItsNeedsName: by their full names, in the part of the store of the stack's own stage. It has
// been red with a grant on a whole domain, and with one more need's secrets.
func TestAFunctionMayReadOnlyTheSecretsThatItsNeedsName(t *testing.T) {
	all := grants(t)
	for _, s := range catalog.All() {
		var want []string
		for _, section := range need.Sections(s.Needs) {
			for _, v := range config.Variables(section) {
				arn := "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter" + v.Parameter("${Stage}")
				switch {
				case v.Domain != "" && !slices.Contains(want, arn):
					want = append(want, arn)
				case v.Secret && v.Domain == "" && !strings.HasPrefix(v.Name, "AWS_"): // those are the role's own
					t.Errorf("%s is a secret and has no place in the parameter store", v.Name)
				}
			}
		}
		slices.Sort(want)
		if got := allowed(all[s.Name], "ssm:GetParameters"); !slices.Equal(got, want) {
			t.Errorf("%s may read %q, its needs say %q", s.Name, got, want)
		}
	}
}

func TestNobodyMayDeleteDocuments(t *testing.T) {
	for name, list := range grants(t) {
		for _, action := range []string{"s3:DeleteObject", "s3:DeleteObjectVersion"} {
			for _, resource := range allowed(list, action) {
				if !strings.HasSuffix(resource, "/lock-check/*") {
					t.Errorf("%s may delete %s", name, resource)
				}
			}
		}
	}
}

func TestAFunctionMayCountOnlyItsOwnQueueAndThoseItsDeclarationNames(t *testing.T) {
	all := grants(t)
	for _, s := range catalog.All() {
		var want []string
		if s.Queue != nil {
			want = append(want, allowed(all[s.Name], "sqs:ReceiveMessage")...)
		}
		for _, n := range s.Needs {
			if arn := "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Prefix}-" + n.Queue; n.Kind == "watch" {
				want = append(want, arn, arn+"-dlq")
			}
		}
		slices.Sort(want)
		if got := allowed(all[s.Name], "sqs:GetQueueAttributes"); !slices.Equal(got, want) {
			t.Errorf("%s may count %q, its needs say %q", s.Name, got, want)
		}
	}
}

func TestNoRoleReachesEverything(t *testing.T) {
	known := []string{"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage",
		"sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility", "execute-api:ManageConnections", "ssm:GetParameters", "cloudwatch:GetMetricData"}
	for name, list := range grants(t) {
		if len(list) == 0 {
			t.Errorf("%s has no role of its own", name)
		}
		for _, s := range list {
			for _, action := range s.Actions {
				if !slices.Contains(known, action) && !slices.Contains(locked, action) {
					t.Errorf("%s: nothing asks for %s", name, action)
				}
			}
			for _, resource := range s.Resources {
				metrics := resource == "*" && slices.Equal(s.Actions, []string{"cloudwatch:GetMetricData"}) // which has no resources
				if strings.Contains(resource, "*") && !metrics && !inBucket.MatchString(resource) && !ofOurSockets.MatchString(resource) {
					t.Errorf("%s: %v on %s", name, s.Actions, resource)
				}
			}
		}
	}
}

func TestEveryQueueIsWatchedAndWhatIsSentHasAConsumer(t *testing.T) {
	consumed := map[string]run.Spec{}
	for _, s := range catalog.All() {
		if s.Queue != nil {
			consumed[s.Queue.Name] = s
		}
	}
	for _, s := range catalog.All() {
		for _, n := range s.Needs {
			if _, ok := consumed[n.Queue]; n.Kind == "send" && !ok {
				t.Errorf("%s sends to %s, which no job reads", s.Name, n.Queue)
			}
		}
	}
	for _, s := range consumed {
		if s.Visibility() < 6*s.Timeout {
			t.Errorf("%s: its messages come back while it works", s.Name)
		}
	}
}

func TestEveryQueueIsEncrypted(t *testing.T) {
	for name, s := range stacks(t) {
		for id, r := range s.Resources {
			if r.Type == "AWS::SQS::Queue" && value(&r.Properties, "SqsManagedSseEnabled").Value != "true" {
				t.Errorf("%s: queue %s keeps its messages in the clear", name, id)
			}
		}
	}
}
