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
		r, ok := response.(map[string]any)
		if !ok {
			continue
		}
		delete(r, "headers") // every answer says no-store
		if r["$ref"] == nil {
			r["headers"] = map[string]any{correlationHeader: ref("headers", "CorrelationId")}
		}
	}
}

const correlationHeader = "X-Correlation-Id"

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
	if strings.HasPrefix(s.Name, "api-") {
		out = append(out, ref("parameters", "CorrelationId"))
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
	// No rule of the schema: an id that is none is not refused.
	parameters["CorrelationId"] = map[string]any{"name": correlationHeader, "in": "header",
		"description": "An id of the caller's for this request and all the work that it causes, in our log too: 8 to 64 letters, digits, - and _, a letter among them. " +
			"The same one when the same request is sent again. Without one, or with another form, the request gets a new id.",
		"schema": map[string]any{"type": "string"}}
	headers := object(components, "headers")
	headers["CorrelationId"] = map[string]any{"description": "The request's id: the caller's own, or a new one. Tell support this id.",
		"schema": map[string]any{"type": "string"}}
	headers["RetryAfter"] = map[string]any{"description": "Try again after so many seconds; only where trying again may help.",
		"schema": map[string]any{"type": "integer", "minimum": 1}}
	object(components, "responses")["Problem"] = map[string]any{"description": "What went wrong; docs/errors.md explains each code.",
		"headers": map[string]any{correlationHeader: ref("headers", "CorrelationId"), "Retry-After": ref("headers", "RetryAfter")},
		"content": map[string]any{"application/problem+json": map[string]any{"schema": ref("schemas", "Problem")}}}
}
