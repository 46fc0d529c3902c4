package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// rings is the longest that an alarm of dead letters may take to ring, in seconds.
const rings = 300

// What T8 asks of every queue in the templates: a message has five receives, is kept longer as a dead letter than it was before,
// and an alarm rings within five minutes of the first one. Red with another period, threshold, queue or retention in a stack.
func TestADeadLetterIsKeptAndRingsWithinFiveMinutes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "infra/stacks/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	queues := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s stackFile
		if err := yaml.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for name, q := range s.Resources {
			policy := value(&q.Properties, "RedrivePolicy")
			if q.Type != "AWS::SQS::Queue" || policy.IsZero() {
				continue
			}
			queues++
			if n := number(t, policy, "maxReceiveCount"); n != 5 {
				t.Errorf("%s: a message has %d receives", name, n)
			}
			dlq := attributeOf(value(policy, "deadLetterTargetArn"), "Arn")
			letters, ok := s.Resources[dlq]
			if !ok || number(t, &letters.Properties, "MessageRetentionPeriod") <= number(t, &q.Properties, "MessageRetentionPeriod") {
				t.Errorf("%s: its dead letters %q are not kept longer than its messages", name, dlq)
			}
			if !s.rings(t, dlq) {
				t.Errorf("%s: no alarm rings within %d s of a first dead letter in %q", name, rings, dlq)
			}
		}
	}
	if queues < 8 {
		t.Errorf("%d queues were found", queues)
	}
}

// rings says whether an alarm looks at the queue's visible messages, at once and from the first one on.
func (s stackFile) rings(t *testing.T, queue string) bool {
	for _, r := range s.Resources {
		p := &r.Properties
		if r.Type != "AWS::CloudWatch::Alarm" || value(p, "MetricName").Value != "ApproximateNumberOfMessagesVisible" {
			continue
		}
		dimensions := value(p, "Dimensions").Content
		if len(dimensions) == 1 && attributeOf(value(dimensions[0], "Value"), "QueueName") == queue {
			return number(t, p, "Period")*number(t, p, "EvaluationPeriods") <= rings && number(t, p, "Threshold") == 0 &&
				value(p, "ComparisonOperator").Value == "GreaterThanThreshold" && value(p, "Statistic").Value == "Maximum"
		}
	}
	return false
}

// attributeOf is the resource in !GetAtt resource.attribute; empty for anything else.
func attributeOf(n *yaml.Node, attribute string) string {
	if resource, ok := strings.CutSuffix(n.Value, "."+attribute); ok && n.Tag == "!GetAtt" {
		return resource
	}
	return ""
}

func number(t *testing.T, n *yaml.Node, key string) int {
	t.Helper()
	got, err := strconv.Atoi(value(n, key).Value)
	if err != nil {
		t.Errorf("%s: %v", key, err)
	}
	return got
}
