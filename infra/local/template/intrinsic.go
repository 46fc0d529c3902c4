package template

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// value is a resolved node: string, []value, map[string]value, or noValue.
type value any

// noValue is what AWS::NoValue resolves to: the property counts as absent.
type noValue struct{}

// functions are the intrinsics that can be resolved here. It is filled by init because they call each other.
var functions map[string]func(s *stack, n, arg *yaml.Node) (value, error)

func init() {
	functions = map[string]func(*stack, *yaml.Node, *yaml.Node) (value, error){
		"Ref": (*stack).fnRef, "Condition": (*stack).fnCondition, "Fn::GetAtt": (*stack).fnGetAtt,
		"Fn::Sub": (*stack).fnSub, "Fn::If": (*stack).fnIf, "Fn::Join": (*stack).fnJoin,
		"Fn::Select": (*stack).fnSelect, "Fn::Split": (*stack).fnSplit, "Fn::Base64": (*stack).fnBase64,
		"Fn::FindInMap": (*stack).fnFindInMap, "Fn::Equals": (*stack).fnEquals, "Fn::And": (*stack).fnAnd,
		"Fn::Or": (*stack).fnOr, "Fn::Not": (*stack).fnNot,
	}
}

// intrinsic names the function that a node calls, in its long or short form, and its argument. The name is
// empty for plain data; an unknown !Tag or Fn:: key is returned as it stands.
func intrinsic(n *yaml.Node) (name string, arg *yaml.Node) {
	if tag := n.Tag; strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		name = tag[1:]
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		return name, n
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return "", nil
	}
	// {Condition: name} calls a condition only inside Conditions; as data it is an IAM statement's key.
	key := n.Content[0].Value
	if key == "Ref" || strings.HasPrefix(key, "Fn::") || key == "Condition" && n.Content[1].Kind == yaml.ScalarNode {
		return key, n.Content[1]
	}
	return "", nil
}

// eval resolves a node with everything below it.
func (s *stack) eval(n *yaml.Node) (value, error) {
	if n == nil {
		return noValue{}, nil
	}
	if name, arg := intrinsic(n); name != "" {
		fn, ok := functions[name]
		if !ok {
			return nil, s.errorAt(n, "unknown intrinsic %s", name)
		}
		return fn(s, n, arg)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		return s.evalList(n)
	case yaml.MappingNode:
		return s.evalMap(n)
	}
	if n.Tag == "!!null" {
		return noValue{}, nil
	}
	return n.Value, nil
}

func (s *stack) evalList(n *yaml.Node) (value, error) {
	items := []value{}
	for _, c := range n.Content {
		v, err := s.eval(c)
		if err != nil {
			return nil, err
		}
		if _, absent := v.(noValue); !absent {
			items = append(items, v)
		}
	}
	return items, nil
}

func (s *stack) evalMap(n *yaml.Node) (value, error) {
	m := map[string]value{}
	var errs []error
	eachPair(n, func(key, c *yaml.Node) {
		v, err := s.eval(c)
		errs = append(errs, err)
		if _, absent := v.(noValue); !absent {
			m[key.Value] = v
		}
	})
	return m, errors.Join(errs...)
}

// text resolves a node that must be one text; an absent one is empty.
func (s *stack) text(n *yaml.Node) (string, error) {
	v, err := s.eval(n)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case noValue:
		return "", nil
	}
	return "", s.errorAt(n, "expected one text, found a list or a mapping")
}

func (s *stack) fnRef(n, arg *yaml.Node) (value, error) { return s.ref(n, arg.Value) }

func (s *stack) fnGetAtt(n, arg *yaml.Node) (value, error) {
	id, attribute := getAttParts(arg)
	return s.attribute(n, id, attribute)
}

// getAttParts reads both forms of GetAtt's argument: "Id.Attribute" and [Id, Attribute].
func getAttParts(arg *yaml.Node) (id, attribute string) {
	if arg.Kind == yaml.SequenceNode {
		if len(arg.Content) != 2 {
			return "", ""
		}
		return arg.Content[0].Value, arg.Content[1].Value
	}
	id, attribute, _ = strings.Cut(arg.Value, ".")
	return id, attribute
}

func (s *stack) fnSub(n, arg *yaml.Node) (value, error) {
	text, local := arg.Value, map[string]*yaml.Node{}
	if arg.Kind == yaml.SequenceNode {
		text, local = arg.Content[0].Value, children(arg.Content[1])
	}
	var errs []error
	out := subVariable.ReplaceAllStringFunc(text, func(m string) string {
		v, err := s.subValue(n, m[2:len(m)-1], local)
		errs = append(errs, err)
		return v
	})
	return strings.ReplaceAll(out, "${!", "${"), errors.Join(errs...)
}

func (s *stack) subValue(n *yaml.Node, name string, local map[string]*yaml.Node) (string, error) {
	if l, ok := local[name]; ok {
		return s.text(l)
	}
	var v value
	var err error
	if id, attribute, dotted := strings.Cut(name, "."); dotted {
		v, err = s.attribute(n, id, attribute)
	} else {
		v, err = s.ref(n, name)
	}
	if err != nil {
		return "", err
	}
	text, ok := v.(string)
	if !ok {
		return "", s.errorAt(n, "${%s} is not one text", name)
	}
	return text, nil
}

func (s *stack) fnJoin(n, arg *yaml.Node) (value, error) {
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 {
		return nil, s.errorAt(n, "Fn::Join takes a separator and a list")
	}
	items, err := s.texts(arg.Content[1])
	return strings.Join(items, arg.Content[0].Value), err
}

// texts resolves a node that must be a list of texts; an absent one is nil.
func (s *stack) texts(n *yaml.Node) ([]string, error) {
	v, err := s.eval(n)
	if err != nil {
		return nil, err
	}
	if _, absent := v.(noValue); absent {
		return nil, nil
	}
	list, ok := v.([]value)
	if !ok {
		return nil, s.errorAt(n, "expected a list")
	}
	out := []string{}
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, s.errorAt(n, "expected a list of texts")
		}
		out = append(out, text)
	}
	return out, nil
}

func (s *stack) fnSelect(n, arg *yaml.Node) (value, error) {
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 {
		return nil, s.errorAt(n, "Fn::Select takes an index and a list")
	}
	at, err := s.text(arg.Content[0])
	if err != nil {
		return nil, err
	}
	items, err := s.texts(arg.Content[1])
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(at)
	if err != nil || i < 0 || i >= len(items) {
		return nil, s.errorAt(n, "Fn::Select: no item %s in a list of %d", at, len(items))
	}
	return items[i], nil
}

func (s *stack) fnSplit(n, arg *yaml.Node) (value, error) {
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 {
		return nil, s.errorAt(n, "Fn::Split takes a separator and a text")
	}
	text, err := s.text(arg.Content[1])
	if err != nil {
		return nil, err
	}
	items := []value{}
	for item := range strings.SplitSeq(text, arg.Content[0].Value) {
		items = append(items, item)
	}
	return items, nil
}

func (s *stack) fnBase64(_, arg *yaml.Node) (value, error) {
	// The short form's argument carries the tag itself, so it is read as plain text.
	if arg.Tag == "!Base64" {
		return base64.StdEncoding.EncodeToString([]byte(arg.Value)), nil
	}
	text, err := s.text(arg)
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

func (s *stack) fnFindInMap(n, arg *yaml.Node) (value, error) {
	keys, err := s.texts(&yaml.Node{Kind: yaml.SequenceNode, Content: arg.Content, Line: arg.Line})
	if err != nil {
		return nil, err
	}
	found := s.mappings
	for _, key := range keys {
		found = child(found, key)
	}
	if len(keys) != 3 || found == nil {
		return nil, s.errorAt(n, "Fn::FindInMap: nothing under %s", strings.Join(keys, "."))
	}
	return s.eval(found)
}

func equal(a, b value) bool {
	x, isText := a.(string)
	y, bothText := b.(string)
	if isText && bothText {
		return x == y
	}
	list, isList := a.([]value)
	other, bothLists := b.([]value)
	return isList && bothLists && slices.EqualFunc(list, other, equal)
}
