package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/infra/tools/generate/stack"
)

// A money path's alarm counts all of its versions, and CodeDeploy takes back whatever it deploys while a listed alarm rings: a repair
// too. So a deployment that is told DeployAtOnce lists no alarm and shifts all traffic, and only that one. Red with the alarms
// listed whatever is said, with the condition that looks at the stage alone, and with the parameter not passed to a stack.
func TestTheRepairOfAMoneyPathIsNotTakenBackByItsAlarm(t *testing.T) {
	root := conditioned(t, "template.yaml")
	gradual := 0
	for domain := range stacks(t) {
		s := conditioned(t, "infra/stacks/"+domain+".yaml")
		for id, r := range s.Resources {
			preference := value(&r.Properties, "DeploymentPreference")
			if preference.Kind != yaml.MappingNode {
				continue
			}
			if gradual++; domain != "testhooks" {
				app := root.Resources[stack.Title(domain)]
				if passed := value(value(&app.Properties, "Parameters"), "DeployAtOnce"); passed.Tag != "!Ref" || passed.Value != "DeployAtOnce" {
					t.Errorf("the %s stack is not told DeployAtOnce", domain)
				}
			}
			for _, tc := range []struct {
				stage, atOnce string
				kind          string
				alarms        int
			}{
				{"production", "false", "Canary10Percent10Minutes", 1}, {"production", "true", "AllAtOnce", 0},
				{"staging", "false", "Canary10Percent10Minutes", 1}, {"staging", "true", "AllAtOnce", 0}, {"preview", "false", "AllAtOnce", 0},
			} {
				given := map[string]string{"Stage": tc.stage, "DeployAtOnce": tc.atOnce}
				kind, alarms := s.choose(t, value(preference, "Type"), given), s.choose(t, value(preference, "Alarms"), given)
				listed := slices.DeleteFunc(texts(alarms), func(name string) bool { return name == "AWS::NoValue" })
				if kind.Value != tc.kind || len(listed) != tc.alarms || alarms.Kind != yaml.SequenceNode { // SAM takes nothing but lists
					t.Errorf("%s in %s, at once %s: %s with the alarms %v", id, tc.stage, tc.atOnce, kind.Value, listed)
				}
			}
		}
	}
	if gradual == 0 {
		t.Fatal("no function is deployed gradually")
	}
}

type conditionedStack struct {
	stackFile  `yaml:",inline"`
	Conditions map[string]yaml.Node `yaml:"Conditions"`
}

func conditioned(t *testing.T, file string) (s conditionedStack) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(repository, file))
	if err == nil {
		err = yaml.Unmarshal(raw, &s)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return s
}

// choose is what !If gives, or the node itself.
func (s conditionedStack) choose(t *testing.T, n *yaml.Node, given map[string]string) *yaml.Node {
	t.Helper()
	if n.Tag != "!If" {
		return n
	}
	condition := s.Conditions[n.Content[0].Value]
	if holds(t, &condition, given) {
		return n.Content[1]
	}
	return n.Content[2]
}

// holds evaluates the functions that the stacks' conditions are made of.
func holds(t *testing.T, n *yaml.Node, given map[string]string) bool {
	t.Helper()
	text := func(n *yaml.Node) string {
		if n.Tag == "!Ref" {
			return given[n.Value]
		}
		return n.Value
	}
	switch n.Tag {
	case "!Equals":
		return text(n.Content[0]) == text(n.Content[1])
	case "!Not":
		return !holds(t, n.Content[0], given)
	case "!And":
		for _, part := range n.Content {
			if !holds(t, part, given) {
				return false
			}
		}
		return true
	case "!Or":
		for _, part := range n.Content {
			if holds(t, part, given) {
				return true
			}
		}
		return false
	}
	t.Fatalf("nothing is known of %s", n.Tag)
	return false
}
