package apidoc

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Schema is the form of a value.
type Schema struct {
	Ref         string            `yaml:"$ref"`
	Type        Types             `yaml:"type"`
	Format      string            `yaml:"format"`
	Description string            `yaml:"description"`
	Properties  map[string]Schema `yaml:"properties"`
	Items       *Schema           `yaml:"items"`
	AnyOf       []Schema          `yaml:"anyOf"`
	Required    []string          `yaml:"required"`

	Enum                 []string `yaml:"enum"`
	Default              any      `yaml:"default"`
	Minimum              any      `yaml:"minimum"`
	Maximum              any      `yaml:"maximum"`
	MinLength            any      `yaml:"minLength"`
	MaxLength            any      `yaml:"maxLength"`
	MinItems             any      `yaml:"minItems"`
	MaxItems             any      `yaml:"maxItems"`
	Pattern              string   `yaml:"pattern"`
	AdditionalProperties any      `yaml:"additionalProperties"`
}

// Types are one or several JSON types.
type Types []string

// UnmarshalYAML takes a list or a single word.
func (t *Types) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = Types{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// Field is a value somewhere in a body, with its whole path: "reports[].id".
type Field struct {
	Name, Type, Description string
	Required                bool
	Rules                   []string // as the document spells them: "maxLength: 64"
}

// deepest bounds the fields of a schema that holds itself.
const deepest = 6

// Fields lists what an object holds, also in its depth. A body that is no object has none.
func (d *Document) Fields(s Schema) []Field {
	var fields []Field
	d.walk(s, "", 0, &fields)
	return fields
}

func (d *Document) walk(s Schema, prefix string, depth int, fields *[]Field) {
	s = d.follow(s)
	if depth == deepest {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if name == "$schema" {
			continue
		}
		p := d.follow(s.Properties[name])
		*fields = append(*fields, Field{
			Name: prefix + name, Type: d.TypeOf(p), Description: p.Description, Required: slices.Contains(s.Required, name), Rules: p.Rules(),
		})
		switch {
		case p.Items != nil:
			d.walk(*p.Items, prefix+name+"[].", depth+1, fields)
		default:
			d.walk(p, prefix+name+".", depth+1, fields)
		}
	}
}

// follow leads from a reference, or from "this or null", to the schema itself; a description beside the reference counts.
func (d *Document) follow(s Schema) Schema {
	if i := slices.IndexFunc(s.AnyOf, func(one Schema) bool { return one.Ref != "" }); i >= 0 && s.Ref == "" {
		s.Ref = s.AnyOf[i].Ref
	}
	if s.Ref == "" {
		return s
	}
	target := d.components.Schemas[last(s.Ref)]
	if s.Description != "" {
		target.Description = s.Description
	}
	if s.AnyOf != nil {
		target.Type = append(slices.Clone(target.Type), "null")
	}
	return target
}

// TypeOf is a schema's type as a reader of JSON says it: "string (uuid)", "array of object".
func (d *Document) TypeOf(s Schema) string {
	s = d.follow(s)
	text := strings.Join(s.Type, " | ")
	if s.Items != nil {
		text = strings.Replace(text, "array", "array of "+d.TypeOf(*s.Items), 1)
	}
	if s.Format != "" {
		text += " (" + s.Format + ")"
	}
	return text
}

// Rules are the limits of a value, as the document spells them.
func (s Schema) Rules() []string {
	var rules []string
	for _, r := range []struct {
		name  string
		value any
	}{
		{"minimum", s.Minimum}, {"maximum", s.Maximum}, {"minLength", s.MinLength}, {"maxLength", s.MaxLength},
		{"minItems", s.MinItems}, {"maxItems", s.MaxItems}, {"default", s.Default},
	} {
		if r.value != nil {
			rules = append(rules, fmt.Sprintf("%s: %v", r.name, r.value))
		}
	}
	if s.Pattern != "" {
		rules = append(rules, "pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 {
		rules = append(rules, "enum: "+strings.Join(s.Enum, " | "))
	}
	return rules
}
