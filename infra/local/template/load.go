package template

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// Options are the facts that a template takes from outside.
type Options struct {
	// Lookup answers for a root parameter by its variable's name: DatabaseUrl asks for DATABASE_URL.
	// os.LookupEnv is the usual one.
	Lookup func(name string) (string, bool)
	// Parameters overrides Lookup, by parameter name.
	Parameters map[string]string
	// Region, AccountID and StackName answer the pseudo parameters. They default to eu-central-1,
	// 000000000000 and fitkit-local.
	Region, AccountID, StackName string
	// QueueURLPrefix is what !Ref of a queue puts before its name. It defaults to AWS's own form.
	QueueURLPrefix string
	// FunctionURL answers !GetAtt <Function>Url.FunctionUrl; the default is http://<name>.localhost:3001/.
	FunctionURL func(function string) string
}

func (o Options) withDefaults() Options {
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	set(&o.Region, "eu-central-1")
	set(&o.AccountID, "000000000000")
	set(&o.StackName, "fitkit-local")
	set(&o.QueueURLPrefix, "https://sqs."+o.Region+".amazonaws.com/"+o.AccountID+"/")
	if o.Lookup == nil {
		o.Lookup = func(string) (string, bool) { return "", false }
	}
	if o.FunctionURL == nil {
		o.FunctionURL = func(function string) string { return "http://" + function + ".localhost:3001/" }
	}
	return o
}

// Load reads the root template at path and every stack nested in it. Its error lists all that is wrong, each
// line beginning with file and line number.
func Load(path string, opt Options) (*Platform, error) {
	opt = opt.withDefaults()
	root, err := readStack(path, opt)
	if err != nil {
		return nil, err
	}
	if err := root.bindRoot(); err != nil {
		return nil, err
	}
	c := newCollector()
	if err := c.walk(root); err != nil {
		return nil, err
	}
	return c.platform()
}

// stack is one template file with the values its parameters got.
type stack struct {
	file       string
	opt        Options
	name       string
	params     map[string]value
	declared   map[string]*yaml.Node
	conditions map[string]*yaml.Node
	mappings   *yaml.Node
	globals    *yaml.Node
	resources  []resource
	byID       map[string]*resource
	outputs    map[string]*yaml.Node
	nested     map[string]*stack
	deciding   map[string]bool // conditions under evaluation, to find cycles
}

type resource struct {
	id, kind string
	node     *yaml.Node // the whole resource
	props    *yaml.Node
}

func readStack(path string, opt Options) (*stack, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: the template is not a YAML mapping", path)
	}
	s := &stack{file: path, opt: opt, name: opt.StackName, params: map[string]value{}, byID: map[string]*resource{}, nested: map[string]*stack{}, deciding: map[string]bool{}}
	s.index(doc.Content[0])
	return s, s.check()
}

// index sorts the top-level sections of a template into the stack.
func (s *stack) index(top *yaml.Node) {
	s.declared = children(child(top, "Parameters"))
	s.conditions = children(child(top, "Conditions"))
	s.outputs = children(child(top, "Outputs"))
	s.mappings = child(top, "Mappings")
	s.globals = child(child(top, "Globals"), "Function")
	eachPair(child(top, "Resources"), func(key, n *yaml.Node) {
		r := resource{id: key.Value, node: n, props: child(n, "Properties")}
		if t := child(n, "Type"); t != nil {
			r.kind = t.Value
		}
		s.resources = append(s.resources, r)
	})
	for i := range s.resources {
		s.byID[s.resources[i].id] = &s.resources[i]
	}
}

// bindRoot gives the root's parameters their values, from Options.Parameters, Options.Lookup or their Default.
// A variable that is set to nothing counts as not set.
func (s *stack) bindRoot() error {
	given := map[string]value{}
	for name := range s.declared {
		if v, ok := s.opt.Parameters[name]; ok {
			given[name] = v
		} else if v, ok := s.opt.Lookup(VariableName(name)); ok && v != "" {
			given[name] = v
		}
	}
	return s.bind(given, func(name string) string { return " (set " + VariableName(name) + ")" })
}

// child is the value under key of a mapping node, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func children(n *yaml.Node) map[string]*yaml.Node {
	m := map[string]*yaml.Node{}
	eachPair(n, func(key, v *yaml.Node) { m[key.Value] = v })
	return m
}

func eachPair(n *yaml.Node, fn func(key, v *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		fn(n.Content[i], n.Content[i+1])
	}
}

// errorAt is an error that begins with the place of n.
func (s *stack) errorAt(n *yaml.Node, format string, args ...any) error {
	line := 0
	if n != nil {
		line = n.Line
	}
	return fmt.Errorf("%s:%d: %s", s.file, line, fmt.Sprintf(format, args...))
}

// child loads the child that an AWS::Serverless::Application names and binds its parameters.
func (s *stack) child(id string) (*stack, error) {
	if c, ok := s.nested[id]; ok {
		if c == nil {
			return nil, s.errorAt(s.byID[id].node, "stack %s refers to itself", id)
		}
		return c, nil
	}
	s.nested[id] = nil
	r := s.byID[id]
	location, err := s.text(child(r.props, "Location"))
	if err != nil {
		return nil, err
	}
	if location == "" || strings.Contains(location, "://") {
		return nil, s.errorAt(r.node, "%s: Location must be a file of this repository", id)
	}
	c, err := readStack(filepath.Join(filepath.Dir(s.file), location), s.opt)
	if err != nil {
		return nil, err
	}
	c.name = s.name + "-" + id
	given := map[string]value{}
	var errs []error
	eachPair(child(r.props, "Parameters"), func(key, n *yaml.Node) {
		if _, ok := c.declared[key.Value]; !ok {
			errs = append(errs, s.errorAt(key, "%s has no parameter %s", location, key.Value))
		}
		v, err := s.eval(n)
		errs = append(errs, err)
		given[key.Value] = v
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.nested[id] = c
	return c, c.bind(given, func(string) string { return " (the parent stack passes none)" })
}
