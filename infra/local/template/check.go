package template

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

var pseudo = []string{"AWS::Region", "AWS::AccountId", "AWS::URLSuffix", "AWS::StackName", "AWS::Partition", "AWS::NoValue"}

var subVariable = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// check walks the whole template, ignored resources too, and reports every unknown intrinsic and every
// reference to something that is not there.
func (s *stack) check() error {
	var errs []error
	for _, r := range s.resources {
		if r.kind == "" {
			errs = append(errs, s.errorAt(r.node, "resource %s has no Type", r.id))
		}
		errs = append(errs, s.checkCondition(child(r.node, "Condition")), s.checkNode(r.props))
	}
	errs = append(errs, s.checkNode(s.globals))
	for _, section := range []map[string]*yaml.Node{s.conditions, s.outputs} {
		for _, key := range sortedKeys(section) {
			errs = append(errs, s.checkNode(section[key]))
		}
	}
	return errors.Join(errs...)
}

func (s *stack) checkNode(n *yaml.Node) error {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return s.errorAt(n, "YAML aliases are not allowed in templates")
	}
	name, arg := intrinsic(n)
	if name == "" {
		var errs []error
		for _, c := range n.Content {
			errs = append(errs, s.checkNode(c))
		}
		return errors.Join(errs...)
	}
	if _, ok := functions[name]; !ok {
		return s.errorAt(n, "unknown intrinsic %s", name)
	}
	if err := s.checkReference(name, n, arg); err != nil {
		return err
	}
	var errs []error
	for _, c := range arg.Content {
		errs = append(errs, s.checkNode(c))
	}
	return errors.Join(errs...)
}

func (s *stack) checkReference(name string, n, arg *yaml.Node) error {
	switch name {
	case "Ref":
		return s.checkRef(n, arg.Value)
	case "Condition":
		return s.checkCondition(arg)
	case "Fn::If":
		if len(arg.Content) != 3 {
			return s.errorAt(n, "Fn::If takes a condition and two values")
		}
		return s.checkCondition(arg.Content[0])
	case "Fn::GetAtt":
		id, attribute := getAttParts(arg)
		if attribute == "" {
			return s.errorAt(n, "Fn::GetAtt takes a resource and an attribute")
		}
		return s.checkResource(n, id)
	case "Fn::Sub":
		return s.checkSub(n, arg)
	}
	return nil
}

func (s *stack) checkSub(n, arg *yaml.Node) error {
	text, local := arg, map[string]*yaml.Node{}
	if arg.Kind == yaml.SequenceNode && len(arg.Content) == 2 {
		text, local = arg.Content[0], children(arg.Content[1])
	}
	if text.Kind != yaml.ScalarNode {
		return s.errorAt(n, "Fn::Sub takes a text, or a text and its variables")
	}
	var errs []error
	for _, m := range subVariable.FindAllStringSubmatch(text.Value, -1) {
		if _, ok := local[m[1]]; ok {
			continue
		}
		if id, _, dotted := strings.Cut(m[1], "."); dotted {
			errs = append(errs, s.checkResource(n, id))
		} else {
			errs = append(errs, s.checkRef(n, m[1]))
		}
	}
	return errors.Join(errs...)
}

func (s *stack) checkRef(n *yaml.Node, name string) error {
	if _, ok := s.declared[name]; ok || slices.Contains(pseudo, name) {
		return nil
	}
	if s.resourceFor(name) == nil {
		return s.errorAt(n, "reference to %q, which is neither a parameter nor a resource", name)
	}
	return nil
}

func (s *stack) checkResource(n *yaml.Node, id string) error {
	if s.resourceFor(id) == nil {
		return s.errorAt(n, "reference to resource %q, which does not exist", id)
	}
	return nil
}

func (s *stack) checkCondition(n *yaml.Node) error {
	if n == nil {
		return nil
	}
	if _, ok := s.conditions[n.Value]; !ok {
		return s.errorAt(n, "condition %q does not exist", n.Value)
	}
	return nil
}

// resourceFor finds a resource by logical id. SAM makes some itself: a function's <id>Url, <id>Role and
// <id>.Alias stand for the function that they are made for.
func (s *stack) resourceFor(id string) *resource {
	if r, ok := s.byID[id]; ok {
		return r
	}
	for _, suffix := range []string{".Alias", "Url", "Role"} {
		if base, ok := strings.CutSuffix(id, suffix); ok && s.byID[base] != nil && s.byID[base].kind == kindFunction {
			return s.byID[base]
		}
	}
	return nil
}
