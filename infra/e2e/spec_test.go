package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/shared/tenancy"
)

// schema is a JSON Schema as docs/openapi.yaml writes it.
type schema struct {
	Ref              string `yaml:"$ref"`
	Type             any    `yaml:"type"` // a word, or a list of them
	Format, Pattern  string
	Enum             []any
	Minimum, Maximum *float64
	MinLength        *int `yaml:"minLength"`
	MaxLength        *int `yaml:"maxLength"`
	MinItems         int  `yaml:"minItems"`
	Properties       map[string]*schema
	Required         []string
	Items            *schema
}

type parameter struct {
	Ref      string `yaml:"$ref"`
	Name, In string
	Required bool
	Schema   *schema
}

// operation is an endpoint as the API document describes it.
type operation struct {
	ID         string   `yaml:"operationId"`
	Method     string   `yaml:"-"`
	Path       string   `yaml:"-"`
	Roles      []string `yaml:"x-fitkit-roles"`
	Parameters []parameter
	Body       *struct {
		Content map[string]struct{ Schema *schema }
	} `yaml:"requestBody"`
	Security []map[string][]string
}

type document struct {
	Paths      map[string]map[string]*operation
	Components struct {
		Schemas    map[string]*schema
		Parameters map[string]parameter
	}
}

var spec = sync.OnceValues(func() (document, error) {
	var d document
	raw, err := os.ReadFile(filepath.Join(root, "docs", "openapi.yaml"))
	if err != nil {
		return d, err
	}
	if err := yaml.Unmarshal(raw, &d); err != nil {
		return d, err
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.Method, op.Path = strings.ToUpper(method), path
			for i, p := range op.Parameters {
				if p.Ref != "" {
					op.Parameters[i] = d.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
				}
			}
		}
	}
	return d, nil
})

// operations is every operation but the hooks, sorted by name.
func operations(t testing.TB) []*operation {
	t.Helper()
	d, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	var all []*operation
	for _, methods := range d.Paths {
		for _, op := range methods {
			if !strings.HasPrefix(op.ID, "hook-") {
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b *operation) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// of follows a reference.
func (s *schema) of() *schema {
	if s == nil || s.Ref == "" {
		return s
	}
	d, _ := spec() // read before: s is a part of it
	return d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]].of()
}

func (s *schema) is(kind string) bool {
	if list, ok := s.Type.([]any); ok {
		return slices.Contains(list, any(kind))
	}
	return s.Type == kind
}

// keyed says whether the operation takes an Idempotency-Key.
func (op *operation) keyed() bool {
	return slices.ContainsFunc(op.Parameters, func(p parameter) bool { return p.Name == "Idempotency-Key" })
}

// body is the schema of the JSON body, nil when there is none.
func (op *operation) body() *schema {
	if op.Body == nil {
		return nil
	}
	return op.Body.Content["application/json"].Schema.of()
}

// somebody is a role that may call the operation: the first of the list, the owner mostly.
func (op *operation) somebody() string {
	if len(op.Roles) == 0 {
		return ""
	}
	return op.Roles[0]
}

// platformAdmin is the role of FitKit's own people.
const platformAdmin = string(tenancy.PlatformAdmin)

// admins says that the operation is for FitKit's own people alone.
func (op *operation) admins() bool { return slices.Contains(op.Roles, platformAdmin) }

// absent is the code that a caller is answered to whom the operation does not exist, or not for this studio.
func (op *operation) absent() string {
	if op.admins() {
		return "not_found"
	}
	return "org.not_found"
}

// callers are the first of the staff that may call it and, where they may, members.
func (op *operation) callers() []string {
	if first := op.somebody(); slices.Contains(op.Roles, "member") && first != "member" {
		return []string{first, "member"}
	}
	return []string{op.somebody()}
}

// field is one value that a caller sends: where it is and what it should be.
type field struct {
	in     string   // path, query or body
	keys   []string // from the body's top; one key elsewhere
	schema *schema
}

func (f field) name() string { return f.keys[len(f.keys)-1] }

func (f field) String() string { return f.in + "." + strings.Join(f.keys, ".") }

// isID says whether the field names a thing.
func (f field) isID() bool {
	return f.schema.Format == "uuid" || f.schema.Pattern == "" && (f.name() == "id" || strings.HasSuffix(f.name(), "_id"))
}

// isText says whether people write what they like into the field.
func (f field) isText() bool {
	return f.schema.is("string") && len(f.schema.Enum) == 0 && f.schema.Format == ""
}

// fields lists everything that the operation takes, the edge's own headers apart.
func (op *operation) fields() []field {
	var all []field
	for _, p := range op.Parameters {
		if p.In != "header" {
			all = append(all, field{p.In, []string{p.Name}, p.Schema.of()})
		}
	}
	return append(all, leaves(op.body(), nil)...)
}

func leaves(s *schema, at []string) []field {
	if s == nil {
		return nil
	}
	if len(s.Properties) == 0 {
		if len(at) == 0 {
			return nil
		}
		return []field{{"body", at, s}}
	}
	var all []field
	for name, property := range s.Properties {
		all = append(all, leaves(property.of(), append(slices.Clone(at), name))...)
	}
	slices.SortFunc(all, func(a, b field) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// set puts value into the request's copy of f.
func (r request) set(f field, value any) request {
	text, _ := value.(string)
	switch f.in {
	case "path":
		r.path = copyOf(r.path)
		r.path[f.name()] = text
	case "query":
		r.query = copyOf(r.query)
		r.query[f.name()] = text
	case "body":
		r.body = put(r.body, f.keys, value)
	}
	return r
}

func copyOf(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// put is a copy of body with one value changed.
func put(body any, keys []string, value any) any {
	if len(keys) == 0 {
		return value
	}
	out := map[string]any{}
	if old, ok := body.(map[string]any); ok {
		for k, v := range old {
			out[k] = v
		}
	}
	out[keys[0]] = put(out[keys[0]], keys[1:], value)
	return out
}
