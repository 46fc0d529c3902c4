package document

import (
	"math"
	"reflect"
	"strings"

	"fitkit/shared/id"
)

// refine adds what huma leaves out of a schema made from the struct t: that a typed id is a uuid, and that a pointer to
// an object may be null.
func refine(schema map[string]any, t reflect.Type) {
	properties := object(schema, "properties")
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		property, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		if isID(f.Type) {
			property["format"] = "uuid"
		}
		if ref, ok := property["$ref"]; ok && f.Type.Kind() == reflect.Pointer && !strings.Contains(options, "omit") {
			delete(property, "$ref")
			property["anyOf"] = []any{map[string]any{"$ref": ref}, map[string]any{"type": "null"}}
		}
	}
}

// refineParameters does the same for an operation's parameters, which are the tagged fields of its input.
func refineParameters(operation map[string]any, input reflect.Type) {
	ids := map[string]bool{}
	for _, f := range reflect.VisibleFields(input) {
		for _, in := range []string{"path", "query"} {
			if name, ok := f.Tag.Lookup(in); ok && isID(f.Type) {
				ids[in+" "+name] = true
			}
		}
	}
	parameters, _ := operation["parameters"].([]any)
	for _, p := range parameters {
		if m, ok := p.(map[string]any); ok && ids[words(m["in"], m["name"])] {
			object(m, "schema")["format"] = "uuid"
		}
	}
}

func words(in, name any) string {
	a, _ := in.(string)
	b, _ := name.(string)
	return a + " " + b
}

// isID says whether t is an id of anything, or a pointer to one.
func isID(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == reflect.TypeFor[id.Org]().PkgPath() && strings.HasPrefix(t.Name(), "Of[")
}

// wholeNumbers writes 1e+08, as JSON's decoder reads a limit, as 100000000.
func wholeNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = wholeNumbers(value)
		}
	case []any:
		for i, value := range v {
			v[i] = wholeNumbers(value)
		}
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
			return int64(v)
		}
	}
	return v
}
