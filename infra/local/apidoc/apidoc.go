// Package apidoc reads docs/openapi.yaml for whoever shows it. The document is read and not the declarations it was made
// from, so that a reader links no function's code and works when one of them does not compile.
package apidoc

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Document is the part of an OpenAPI document that is shown.
type Document struct {
	Operations []Operation // by domain, path and method
	Errors     map[string]Words
	Headers    map[string]Header // of answers, by name
	components components
}

// Header is a header of every answer, or of every refusal.
type Header struct {
	Ref         string `yaml:"$ref"`
	Description string `yaml:"description"`
	Schema      Schema `yaml:"schema"`
}

// Words are what an error's code says.
type Words struct {
	Status  int    `yaml:"status"`
	English string `yaml:"title"`
	Hebrew  string `yaml:"title_he"`
}

// Operation is one method of one path.
type Operation struct {
	Method     string              `yaml:"-"`
	Path       string              `yaml:"-"`
	ID         string              `yaml:"operationId"` // the function's name
	Summary    string              `yaml:"summary"`
	Tags       []string            `yaml:"tags"`
	Parameters []Parameter         `yaml:"parameters"`
	Body       *Body               `yaml:"requestBody"`
	Responses  map[string]Response `yaml:"responses"`
	Roles      []string            `yaml:"x-fitkit-roles"` // none: no sign-in
}

// Domain is the operation's first tag.
func (o Operation) Domain() string {
	if len(o.Tags) == 0 {
		return ""
	}
	return o.Tags[0]
}

// Parameter is a value in the path, the query or a header.
type Parameter struct {
	Ref         string `yaml:"$ref"`
	Name        string `yaml:"name"`
	In          string `yaml:"in"`
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
	Schema      Schema `yaml:"schema"`
}

// Body is what a request or an answer carries, by media type.
type Body struct {
	Description string           `yaml:"description"`
	Content     map[string]Media `yaml:"content"`
}

// Media is one form of a body.
type Media struct {
	Schema Schema `yaml:"schema"`
}

// Response is an answer. The codes of a refusal stand in its description.
type Response struct {
	Ref         string           `yaml:"$ref"`
	Description string           `yaml:"description"`
	Content     map[string]Media `yaml:"content"`
}

// Codes are the error codes of a refusal; none for a success.
func (r Response) Codes() []string {
	if !strings.HasSuffix(r.Ref, "/Problem") {
		return nil
	}
	return strings.Split(r.Description, ", ")
}

type components struct {
	Parameters map[string]Parameter `yaml:"parameters"`
	Schemas    map[string]Schema    `yaml:"schemas"`
	Headers    map[string]Header    `yaml:"headers"`
	Responses  map[string]struct {
		Headers map[string]Header `yaml:"headers"`
	} `yaml:"responses"`
}

var methods = []string{"get", "post", "put", "patch", "delete"}

// Load reads the document of a file.
func Load(path string) (*Document, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("The API document is missing; make generate writes it: %w", err)
	}
	var file struct {
		Paths      map[string]map[string]yaml.Node `yaml:"paths"`
		Components components                      `yaml:"components"`
		Errors     map[string]Words                `yaml:"x-fitkit-errors"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("The API document cannot be read: %w", err)
	}
	d := &Document{Errors: file.Errors, Headers: map[string]Header{}, components: file.Components}
	for name, h := range file.Components.Responses["Problem"].Headers { // what every answer has, a refusal has too
		d.Headers[name] = file.Components.Headers[last(h.Ref)]
	}
	for path, members := range file.Paths {
		for method, node := range members {
			if !slices.Contains(methods, method) {
				continue // a path's own members are no operations
			}
			o := Operation{Method: strings.ToUpper(method), Path: path}
			if err := node.Decode(&o); err != nil {
				return nil, fmt.Errorf("The API document cannot be read at %s %s: %w", method, path, err)
			}
			d.Operations = append(d.Operations, d.resolve(o))
		}
	}
	slices.SortFunc(d.Operations, func(a, b Operation) int {
		return strings.Compare(a.Domain()+" "+a.Path+" "+a.Method, b.Domain()+" "+b.Path+" "+b.Method)
	})
	return d, nil
}

// resolve puts the shared parameters in the place of the references to them.
func (d *Document) resolve(o Operation) Operation {
	for i, p := range o.Parameters {
		if p.Ref != "" {
			o.Parameters[i] = d.components.Parameters[last(p.Ref)]
		}
	}
	return o
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }
