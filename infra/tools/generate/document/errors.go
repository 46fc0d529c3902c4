package document

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fitkit/shared/fail"
	"fitkit/shared/run"
)

// answered is an error with the functions that answer it.
type answered struct {
	*fail.Error
	by []string
}

// Errors is docs/errors.md: every code, what it means in both languages, and who answers it.
func Errors(specs []run.Spec) ([]byte, error) {
	byCode := map[string]*answered{}
	for _, s := range specs {
		for _, e := range errorsOf(s) {
			have := byCode[e.Code]
			switch {
			case have == nil:
				byCode[e.Code] = &answered{e, []string{s.Name}}
			case have.Kind != e.Kind || have.Detail != e.Detail || have.Hebrew != e.Hebrew:
				return nil, fmt.Errorf("the code %s is declared twice with different words or kinds; %s has the second", e.Code, s.Name)
			case !slices.Contains(have.by, s.Name):
				have.by = append(have.by, s.Name)
			}
		}
	}
	var out bytes.Buffer
	out.WriteString(errorsIntro)
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		e := byCode[code]
		fmt.Fprintf(&out, "| <a id=\"%s\"></a>`%s` | %d | %s<br>%s | %s |\n", code, code, e.Kind.Status(), e.Detail, e.Hebrew, everyone(e.by, specs))
	}
	return out.Bytes(), nil
}

// errorsOf is what the function refuses with: as a problem document, or as a message on a WebSocket.
func errorsOf(s run.Spec) []*fail.Error {
	switch {
	case s.Route != nil:
		return s.Route.Errors
	case s.Socket != nil:
		return s.Socket.Errors
	}
	return nil
}

// explain is what each code of the API document says, in both languages.
func explain(specs []run.Spec) map[string]any {
	words := map[string]any{}
	for _, s := range specs {
		for _, e := range errorsOf(s) {
			words[e.Code] = map[string]any{"status": e.Kind.Status(), "title": e.Detail, "title_he": e.Hebrew}
		}
	}
	return words
}

const errorsIntro = `<!-- Written by make generate from shared/catalog. Do not edit. -->
# Errors

Every error is answered as application/problem+json (RFC 9457) with these members: ` + "`type`, `title` (English), `title_he`, `status`," + `
` + "`code`, `correlation_id`" + ` and, for refused fields, ` + "`errors`" + `: each with
` + "`location`, `message` (English) and `message_he`" + `. On a WebSocket it is a message with ` + "`type: error`" + ` and ` + "`code`, `title`, `title_he`, `status`" + `; a
handshake is refused by the status alone. Clients decide by the code: it never changes.

| code | status | what it says | answered by |
|---|---|---|---|
`

// everyone shortens a list that is a whole group.
func everyone(by []string, specs []run.Spec) string {
	groups := []struct {
		name string
		in   func(*run.Route) bool
	}{
		{"every endpoint and webhook", func(*run.Route) bool { return true }},
		{"every endpoint", func(r *run.Route) bool { return !r.Hook }},
		{"every signed-in endpoint", func(r *run.Route) bool { return !r.Public }},
		{"every write with an Idempotency-Key", keyed},
		{"every webhook", func(r *run.Route) bool { return r.Hook }},
	}
	for _, g := range groups {
		var all []string
		for _, s := range specs {
			if s.Route != nil && g.in(s.Route) {
				all = append(all, s.Name)
			}
		}
		if len(all) > 1 && slices.Equal(all, by) {
			return g.name
		}
	}
	return strings.Join(by, ", ")
}

func keyed(r *run.Route) bool {
	return slices.ContainsFunc(r.Errors, func(e *fail.Error) bool { return e.Code == "idempotency.key_missing" })
}
