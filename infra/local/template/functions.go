package template

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxEnvironment is Lambda's limit on all names and values of a function's environment together.
const maxEnvironment = 4096

func (c *collector) function(s *stack, r *resource) error {
	uri, e1 := s.text(s.prop(r, "CodeUri"))
	lambdaName, e2 := s.text(s.prop(r, "FunctionName"))
	memory, e3 := s.number(s.prop(r, "MemorySize"), 128)
	timeout, e4 := s.number(s.prop(r, "Timeout"), 3)
	env, e5 := s.environment(r)
	url, e6 := s.urlConfig(s.prop(r, "FunctionUrlConfig"))
	if err := errors.Join(e1, e2, e3, e4, e5, e6); err != nil {
		return err
	}
	f := Function{
		Name: base(uri), LambdaName: lambdaName, ARN: s.arn("lambda", "function:"+lambdaName),
		MemoryMB: memory, Timeout: time.Duration(timeout) * time.Second, Env: env, URL: url,
	}
	prefix, ok := strings.CutSuffix(lambdaName, f.Name)
	if !ok || uri == "" {
		return s.errorAt(r.node, "function %s: FunctionName %q must end in the folder of CodeUri %q", r.id, lambdaName, uri)
	}
	c.prefix = prefix
	dir, err := filepath.Abs(filepath.Join(filepath.Dir(s.file), uri))
	if err != nil {
		return s.errorAt(r.node, "%v", err)
	}
	f.CodeDir = dir
	alias, err := s.text(s.prop(r, "AutoPublishAlias"))
	if err != nil {
		return err
	}
	c.byARN[f.ARN], c.byARN[f.ARN+":"+alias] = f.Name, f.Name // one version runs here, whatever its alias
	c.out.Functions = append(c.out.Functions, f)
	return c.events(s, r, f)
}

// prop is a function's own property, or the one in Globals.
func (s *stack) prop(r *resource, name string) *yaml.Node {
	if n := child(r.props, name); n != nil {
		return n
	}
	return child(s.globals, name)
}

// environment merges Globals with the function's own variables, which win, as SAM does.
func (s *stack) environment(r *resource) (map[string]string, error) {
	env := map[string]string{}
	var errs []error
	size := 0
	for _, from := range []*yaml.Node{s.globals, r.props} {
		eachPair(child(child(from, "Environment"), "Variables"), func(key, n *yaml.Node) {
			v, err := s.eval(n)
			if err != nil {
				errs = append(errs, err)
				return
			}
			switch v := v.(type) {
			case noValue:
				delete(env, key.Value)
			case string:
				env[key.Value] = v
			default:
				errs = append(errs, s.errorAt(n, "variable %s is not one text", key.Value))
			}
		})
	}
	for k, v := range env {
		size += len(k) + len(v)
	}
	if size > maxEnvironment {
		errs = append(errs, s.errorAt(r.node, "function %s: its environment has %d bytes, Lambda allows %d", r.id, size, maxEnvironment))
	}
	return env, errors.Join(errs...)
}

func (s *stack) urlConfig(n *yaml.Node) (*FunctionURL, error) {
	m, err := s.mapping(n)
	if m == nil || err != nil {
		return nil, err
	}
	auth, e1 := s.text(m["AuthType"])
	mode, e2 := s.text(m["InvokeMode"])
	cors, e3 := s.cors(m["Cors"])
	if mode == "" {
		mode = "BUFFERED"
	}
	return &FunctionURL{AuthType: auth, InvokeMode: mode, CORS: cors}, errors.Join(e1, e2, e3)
}

func (s *stack) cors(n *yaml.Node) (*CORS, error) {
	m, err := s.mapping(n)
	if m == nil || err != nil {
		return nil, err
	}
	var out CORS
	var errs []error
	list := func(key string) []string {
		items, err := s.texts(m[key])
		errs = append(errs, err)
		return items
	}
	out.AllowOrigins, out.AllowHeaders = list("AllowOrigins"), list("AllowHeaders")
	out.AllowMethods, out.ExposeHeaders = list("AllowMethods"), list("ExposeHeaders")
	age, err := s.number(m["MaxAge"], 0)
	errs = append(errs, err)
	out.MaxAge = seconds(age)
	out.AllowCredentials, err = s.flag(m["AllowCredentials"], false)
	return &out, errors.Join(append(errs, err)...)
}
