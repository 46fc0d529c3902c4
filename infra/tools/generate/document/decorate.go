package document

import (
	"fmt"
	"slices"
	"strings"

	"fitkit/shared/catalog"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// decorate adds to an operation what huma does not know: its domain, its roles, the headers that all share, and the
// codes behind each status.
func decorate(operation map[string]any, s run.Spec) {
	operation["tags"] = []any{catalog.Domain(s.Name)}
	if !s.Route.Public {
		roles := []any{}
		for _, r := range s.Route.Roles {
			roles = append(roles, string(r))
		}
		operation["x-fitkit-roles"] = roles
	}
	if parameters := headers(operation, s); len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	responses := object(operation, "responses")
	for status, codes := range codesByStatus(s) {
		problem := ref("responses", "Problem")
		problem["description"] = strings.Join(codes, ", ")
		responses[fmt.Sprint(status)] = problem
	}
	for _, response := range responses {
		if r, ok := response.(map[string]any); ok {
			delete(r, "headers") // every answer says no-store
		}
	}
}

// headers refers to the shared description of the headers that many operations read.
func headers(operation map[string]any, s run.Spec) []any {
	own, _ := operation["parameters"].([]any)
	var out []any
	if !s.Route.Public && !slices.Contains(s.Route.Roles, tenancy.PlatformAdmin) { // who belongs to no studio
		out = append(out, ref("parameters", "FitKitOrg"))
	}
	for _, p := range own {
		if m, ok := p.(map[string]any); ok && m["name"] == "Idempotency-Key" {
			out = append(out, ref("parameters", "IdempotencyKey"))
		} else {
			out = append(out, p)
		}
	}
	return out
}

// codesByStatus lists the codes of each status that the operation may answer with, sorted.
func codesByStatus(s run.Spec) map[int][]string {
	out := map[int][]string{}
	for _, e := range s.Route.Errors {
		status := e.Kind.Status()
		if !slices.Contains(out[status], e.Code) {
			out[status] = append(out[status], e.Code)
		}
	}
	for _, codes := range out {
		slices.Sort(codes)
	}
	return out
}

// shared adds the components that operations refer to.
func shared(components map[string]any) {
	object(components, "securitySchemes")["session"] = map[string]any{"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
		"description": "A session token of Clerk."}
	parameters := object(components, "parameters")
	parameters["FitKitOrg"] = map[string]any{"name": "FitKit-Org", "in": "header",
		"description": "The studio that a member acts in. Staff tokens name theirs, so staff leave it out.",
		"schema":      map[string]any{"type": "string", "format": "uuid"}}
	parameters["IdempotencyKey"] = map[string]any{"name": "Idempotency-Key", "in": "header", "required": true,
		"description": "A new one for each new action; the same one when the same request is sent again.",
		"schema":      map[string]any{"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"}}
	object(components, "responses")["Problem"] = map[string]any{"description": "What went wrong; docs/errors.md explains each code.",
		"content": map[string]any{"application/problem+json": map[string]any{"schema": ref("schemas", "Problem")}}}
}
