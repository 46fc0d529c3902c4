package document

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/run"
)

// TypeScript is clients/typescript/src/operations.ts: what the client must know of each operation at run time, and the
// codes that it may be refused with. The shapes of bodies come from the API document by openapi-typescript.
func TypeScript(endpoints []api.Endpoint) []byte {
	everywhere := codes(api.Op{Method: api.POST}.Spec().Route.Errors)
	var table, own bytes.Buffer
	for _, e := range endpoints {
		front := "api"
		if e.Op.Front == run.URL {
			front = "url"
		}
		fmt.Fprintf(&table, "  %q: { method: %q, path: %q, front: %q, repeat: %q },\n", e.Op.Name, e.Op.Method, e.Op.Path, front, repeat(e))
		of := slices.DeleteFunc(codes(e.Spec().Route.Errors), func(code string) bool { return slices.Contains(everywhere, code) })
		fmt.Fprintf(&own, "  %q: %s;\n", e.Op.Name, union(of))
	}
	return fmt.Appendf(nil, typescript, table.String(), union(everywhere), own.String())
}

const typescript = `// Written by make generate from shared/catalog. Do not edit.

/** How an operation is called. */
export interface Operation {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /** Through the API, or at a function URL of its own. */
  front: "api" | "url";
  /** Sent again after a lost answer freely ("read"), under the same Idempotency-Key ("key"), or not at all ("never"). */
  repeat: "read" | "key" | "never";
}

export const operations = {
%s} as const satisfies Record<string, Operation>;

/** Codes that any signed-in operation may be refused with. */
export type SharedCode = %s;

/** The further codes of each operation; docs/errors.md says what they mean. */
export interface OwnCodes {
%s}
`

// repeat says what makes it safe to send the operation again when its answer was lost.
func repeat(e api.Endpoint) string {
	switch {
	case e.Op.Once:
		return "never"
	case keyed(e.Spec().Route):
		return "key"
	case e.Op.Read || e.Op.Method == api.GET:
		return "read"
	}
	return "never"
}

func union(codes []string) string {
	if len(codes) == 0 {
		return "never"
	}
	return `"` + strings.Join(codes, `" | "`) + `"`
}

// codes are the errors' codes, each once, sorted.
func codes(errs []*fail.Error) []string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
