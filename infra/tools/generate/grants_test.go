package main

import (
	"maps"
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
				out[name] = s.statements(s.Resources[roleOf(r)].Properties)
			}
		}
	}
	return out
}

// roleOf is the logical id of a function's role.
func roleOf(function resource) string {
	return strings.TrimSuffix(value(&function.Properties, "Role").Value, ".Arn")
}

func (s stackFile) statements(role yaml.Node) []statement {
	var out []statement
	for _, policy := range value(&role, "Policies").Content {
		for _, one := range value(value(policy, "PolicyDocument"), "Statement").Content {
			resources := texts(value(one, "Resource"))
			for i, text := range resources {
				resources[i] = s.resolved(text)
			}
			out = append(out, statement{texts(value(one, "Action")), resources})
		}
	}
	return out
}

// resolved names a queue of the stack as a queue of another stack is named.
func (s stackFile) resolved(resource string) string {
	queue := s.Resources[strings.TrimSuffix(resource, ".Arn")]
	if name, ours := strings.CutPrefix(value(&queue.Properties, "QueueName").Value, "${Prefix}-"); ours && queue.Type == "AWS::SQS::Queue" {
		return arnOfQueue(name)
	}
	return resource
}

func arnOfQueue(name string) string {
	return "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Prefix}-" + name
}

// everyFunction is the catalogue with the test hooks, whose roles are held to the same.
func everyFunction() []run.Spec { return append(catalog.All(), catalog.TestHooks()...) }

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
	for _, s := range everyFunction() {
		var want []string
		for _, n := range s.Needs {
			if arn := arnOfQueue(n.Queue); n.Kind == "send" && !slices.Contains(want, arn) {
				want = append(want, arn)
			}
		}
		if s.Schedule != nil {
			want = append(want, arnOfQueue(catalog.Domain(s.Name)+"-failed-runs")) // where Lambda puts runs that failed at every try
		}
		slices.Sort(want)
		if got := allowed(all[s.Name], "sqs:SendMessage"); !slices.Equal(got, want) {
			t.Errorf("%s may send to %q, its needs say %q", s.Name, got, want)
		}
	}
}

// Red with the grant of one job on the queue of its neighbour in the stack, which was a queue's too.
func TestAFunctionMayReceiveOnlyFromItsOwnQueue(t *testing.T) {
	all := grants(t)
	for _, s := range everyFunction() {
		var want []string
		if s.Queue != nil {
			want = append(want, arnOfQueue(s.Queue.Name))
		}
		for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"} {
			if got := allowed(all[s.Name], action); !slices.Equal(got, want) {
				t.Errorf("%s: %s on %q, want %q", s.Name, action, got, want)
			}
		}
	}
}

// What may be done in the compliance bucket: the objects of a folder are kept and read, and the daily check's samples tried to be deleted.
var (
	storing  = []string{"s3:PutObject", "s3:PutObjectRetention", "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"}
	deleting = []string{"s3:DeleteObject", "s3:DeleteObjectVersion"}
	looking  = []string{"s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"}
)

// folders are the parts of the compliance bucket by the need that opens each. The general bucket's (uploads, exports) are opened
// by R2's own keys and by no role.
var folders = map[need.Need]string{need.ComplianceBlob: "docs/", need.LockedReports: "reports/", need.ComplianceLock: "lock-check/"}

const complianceBucket = "arn:${AWS::Partition}:s3:::${R2ComplianceBucketName}"

// TestAFunctionMayTouchOnlyTheFolderOfItsNeed: every action on S3 and every folder follows from the needs, and whoever has none of
// them reaches no object at all. Red with a report's function granted docs/, with its grant on the whole bucket, with a grant for a
// function without the need, and with one action more.
func TestAFunctionMayTouchOnlyTheFolderOfItsNeed(t *testing.T) {
	all, holders := grants(t), map[need.Need]int{}
	for _, s := range everyFunction() {
		var got, want []string
		for _, n := range s.Needs {
			if folder, ok := folders[n]; ok {
				holders[n]++
				want = append(want, each(storing, complianceBucket+"/"+folder+"*")...)
			}
		}
		if slices.Contains(s.Needs, need.ComplianceLock) { // its samples are locked like documents, and beside them
			want = slices.DeleteFunc(want, func(line string) bool { return strings.HasSuffix(line, "/docs/*") })
			want = append(append(want, each(deleting, complianceBucket+"/lock-check/*")...), each(looking, complianceBucket)...)
		}
		if slices.Contains(s.Needs, need.ComplianceProbe) { // whether the bucket answers, and none of its objects
			want = append(want, "s3:GetBucketVersioning "+complianceBucket)
		}
		for _, one := range all[s.Name] {
			for _, action := range one.Actions {
				if strings.HasPrefix(action, "s3:") || strings.HasPrefix(action, "s3-") {
					got = append(got, each([]string{action}, one.Resources...)...)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s may\n%s\nits needs say\n%s", s.Name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if holders[need.LockedReports] == 0 || holders[need.ComplianceLock] == 0 {
		t.Errorf("nobody has a need of the compliance bucket: %v", holders)
	}
}

// each is every action on every resource, a line each.
func each(actions []string, resources ...string) (lines []string) {
	for _, action := range actions {
		for _, resource := range resources {
			lines = append(lines, action+" "+resource)
		}
	}
	return lines
}

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
	for _, s := range everyFunction() {
		var want []string
		if s.Queue != nil {
			want = append(want, arnOfQueue(s.Queue.Name))
		}
		for _, n := range s.Needs {
			if n.Kind == "watch" {
				want = append(want, arnOfQueue(n.Queue), arnOfQueue(n.Queue+"-dlq"))
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
				if !slices.Contains(slices.Concat(known, storing, deleting, looking), action) {
					t.Errorf("%s: nothing asks for %s", name, action)
				}
			}
			for _, resource := range s.Resources {
				metrics := resource == "*" && slices.Equal(s.Actions, []string{"cloudwatch:GetMetricData"}) // which has no resources
				folder := strings.TrimSuffix(strings.TrimPrefix(resource, complianceBucket+"/"), "*")       // objects have no other names
				inBucket := slices.Contains(slices.Collect(maps.Values(folders)), folder)
				if strings.Contains(resource, "*") && !metrics && !inBucket && !ofOurSockets.MatchString(resource) {
					t.Errorf("%s: %v on %s", name, s.Actions, resource)
				}
			}
		}
	}
}

// The tests above read the statements of roles, so a role has nothing else that grants, and says in each statement whom it allows
// what, where. Red with a managed policy in a role, with a policy resource beside it, with two functions in one role, with policies
// of a function itself, and with a statement that allows everything but a list.
func TestWhatARoleGrantsStandsInItsStatements(t *testing.T) {
	for domain, s := range stacks(t) {
		holders := map[string]string{}
		for id, r := range s.Resources {
			switch {
			case r.Type == "AWS::IAM::Role":
				wantKeys(t, domain+" "+id, &r.Properties, "AssumeRolePolicyDocument", "Policies")
				for _, policy := range value(&r.Properties, "Policies").Content {
					wantKeys(t, domain+" "+id, policy, "PolicyName", "PolicyDocument")
					for _, one := range value(value(policy, "PolicyDocument"), "Statement").Content {
						wantKeys(t, domain+" "+id, one, "Effect", "Action", "Resource")
					}
				}
			case strings.HasPrefix(r.Type, "AWS::IAM::"):
				t.Errorf("%s: %s is a %s, which no test reads", domain, id, r.Type)
			case r.Type == "AWS::Serverless::Function":
				role := roleOf(r)
				if other, taken := holders[role]; taken || s.Resources[role].Type != "AWS::IAM::Role" {
					t.Errorf("%s: %s has the role %q, and %s has it too", domain, id, role, other)
				}
				holders[role] = id
				if value(&r.Properties, "Policies").Kind != 0 {
					t.Errorf("%s: %s has policies beside its role's", domain, id)
				}
			}
		}
	}
}

// wantKeys reports what a mapping has beside the known keys.
func wantKeys(t *testing.T, where string, n *yaml.Node, known ...string) {
	t.Helper()
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i].Value; !slices.Contains(known, key) {
			t.Errorf("%s has %s, which no test reads", where, key)
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
