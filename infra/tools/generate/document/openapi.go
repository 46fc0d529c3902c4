// Package document writes what people and clients read of FitKit's surface: the OpenAPI document, the errors and the
// table of functions. All of it follows from the functions' declarations.
package document

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"fitkit/shared/api"
	"fitkit/shared/hook"
	"fitkit/shared/run"
)

// OpenAPI is the API document: every endpoint, and every webhook as a path of its own.
func OpenAPI(endpoints []api.Endpoint, hooks []hook.Handler) ([]byte, error) {
	doc, err := describe(endpoints)
	if err != nil {
		return nil, err
	}
	paths := object(doc, "paths")
	var specs []run.Spec
	for _, e := range endpoints {
		specs = append(specs, e.Spec())
		operation := object(object(paths, e.Op.Path), strings.ToLower(e.Op.Method))
		refineParameters(operation, e.Input())
		decorate(operation, e.Spec())
	}
	for _, h := range hooks {
		specs = append(specs, h.Spec())
		operation := object(object(paths, h.Op.Path), "post")
		webhook(operation, h.Spec())
		decorate(operation, h.Spec())
	}
	shared(object(doc, "components"))
	doc["servers"] = []any{map[string]any{"url": "https://api.fitkit.example"}}
	doc["x-fitkit-errors"] = explain(specs)
	return yamlOf(doc, "openapi", "info", "servers", "paths", "components", "x-fitkit-errors")
}

// describe has huma document the endpoints, and gives the result as plain maps. Huma panics when two bodies get one
// name; the message then says which endpoint to look at.
func describe(endpoints []api.Endpoint) (doc map[string]any, err error) {
	var current string
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("describe %s: %v", current, p)
		}
	}()
	config := api.Config()
	schemas := huma.NewMapRegistry(schemaPrefix, func(t reflect.Type, hint string) string { return schemaName(t, hint, current) })
	config.Components.Schemas = schemas
	h := huma.NewAPI(config, paper{})
	for _, e := range endpoints {
		current = e.Op.Name
		api.Describe(h, e)
	}
	raw, err := json.Marshal(h.OpenAPI())
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	for name, schema := range object(object(doc, "components"), "schemas") {
		if s, ok := schema.(map[string]any); ok {
			refine(s, schemas.TypeFromRef(schemaPrefix+name))
		}
	}
	wholeNumbers(doc)
	return doc, nil
}

const schemaPrefix = "#/components/schemas/"

// schemaName puts the domain before the name of a type that has none of its own, as bodies do: two domains may both
// have an updateInput.
func schemaName(t reflect.Type, hint, function string) string {
	name, element := api.SchemaName(t, hint), t
	for element.Kind() == reflect.Pointer || element.Kind() == reflect.Slice {
		element = element.Elem()
	}
	if element.Name() != "" {
		return name
	}
	domain := strings.Split(function, "-")[1]
	return strings.ToUpper(domain[:1]) + domain[1:] + name
}

// paper is an adapter that serves nothing.
type paper struct{}

// Handle forgets the handler.
func (paper) Handle(*huma.Operation, func(huma.Context)) {}

// ServeHTTP is never called.
func (paper) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

// object is the map under key, made when it is not there.
func object(in map[string]any, key string) map[string]any {
	m, ok := in[key].(map[string]any)
	if !ok {
		m = map[string]any{}
		in[key] = m
	}
	return m
}

func ref(kind, name string) map[string]any {
	return map[string]any{"$ref": "#/components/" + kind + "/" + name}
}

// webhook documents a hook, whose body is the provider's.
func webhook(operation map[string]any, s run.Spec) {
	operation["operationId"], operation["summary"] = s.Name, s.Summary
	operation["requestBody"] = map[string]any{"required": true, "description": "As the provider sends it.",
		"content": map[string]any{"*/*": map[string]any{"schema": map[string]any{}}}}
	var parameters []any
	for part := range strings.SplitSeq(s.Route.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parameters = append(parameters, map[string]any{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true,
				"schema": map[string]any{"type": "string"}})
		}
	}
	if parameters != nil {
		operation["parameters"] = parameters
	}
	operation["responses"] = map[string]any{fmt.Sprint(s.Route.Status): map[string]any{"description": "Taken; the work is done later."}}
}
