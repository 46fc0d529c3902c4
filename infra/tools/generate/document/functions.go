package document

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"fitkit/shared/need"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// Functions is docs/functions.md: what each function reacts to, who may call it, and what it needs.
func Functions(specs []run.Spec) []byte {
	var out bytes.Buffer
	out.WriteString(functionsIntro)
	table(&out, specs, "## Endpoints\n\n"+header(append([]string{"route"}, roleNames()...)...), func(s run.Spec) []string {
		if s.Route == nil || s.Route.Hook {
			return nil
		}
		return append([]string{s.Route.Method + " " + strings.Join(append([]string{s.Route.Path}, s.Route.Aliases...), "<br>")}, roles(s.Route)...)
	})
	table(&out, specs, "## Webhooks\n\n"+header("route"), func(s run.Spec) []string {
		if s.Route == nil || !s.Route.Hook {
			return nil
		}
		return []string{s.Route.Method + " " + s.Route.Path}
	})
	table(&out, specs, "## WebSocket\n\n"+header("route"), func(s run.Spec) []string {
		if s.Socket == nil {
			return nil
		}
		return []string{"`" + s.Socket.Route + "`"}
	})
	table(&out, specs, "## Jobs\n\n"+header("queue", "batch", "at once", "receives", "hidden", "sent again after"), func(s run.Spec) []string {
		if s.Queue == nil {
			return nil
		}
		return []string{s.Queue.Name, fmt.Sprint(s.Queue.BatchSize), fmt.Sprint(s.Queue.MaxConcurrency), fmt.Sprint(s.Queue.MaxReceive),
			short(s.Visibility()), short(s.ResendAfter())}
	})
	table(&out, specs, "## Schedules\n\n"+header("schedule", "zone"), func(s run.Spec) []string {
		if s.Schedule == nil {
			return nil
		}
		return []string{"`" + s.Schedule.Expression + "`", s.Schedule.Zone}
	})
	return out.Bytes()
}

const functionsIntro = `<!-- Written by make generate from shared/catalog. Do not edit. -->
# Functions

Each is a folder in functions/, a Lambda function, and an operation of docs/openapi.yaml under one name. ✓ marks the roles that
may call an endpoint, ○ one that needs no sign-in. Who is signed in with another role is answered 403, and 404 where only platform_admin
may call: those endpoints are there for FitKit's own people alone. Who is not signed in is answered 401, whoever is of another studio 404.
The test hooks of local runs and previews are in docs/testing-frontends.md. MB is memory, s the timeout in seconds.
`

// header is a table's first two lines: the columns that all have around those of this one.
func header(own ...string) string {
	columns := slices.Concat([]string{"function"}, own, []string{"needs", "MB", "s"})
	return "| " + strings.Join(columns, " | ") + " |\n" + strings.Repeat("|---", len(columns)) + "|\n"
}

// table writes one line for each function that has cells, under a heading; a table without lines is left out.
func table(out *bytes.Buffer, specs []run.Spec, heading string, cells func(run.Spec) []string) {
	var lines bytes.Buffer
	for _, s := range specs {
		if middle := cells(s); middle != nil {
			fmt.Fprintf(&lines, "| %s<br>%s | %s | %s | %d | %d |\n", s.Name, s.Summary, strings.Join(middle, " | "), needs(s.Needs), s.Memory, int(s.Timeout.Seconds()))
		}
	}
	if lines.Len() > 0 {
		out.WriteString("\n" + heading)
		out.Write(lines.Bytes())
	}
}

// callers are the columns of an endpoint: a studio's people, and FitKit's own.
var callers = append(slices.Clone(tenancy.People), tenancy.PlatformAdmin)

func roleNames() []string {
	var out []string
	for _, r := range callers {
		out = append(out, string(r))
	}
	return out
}

func roles(r *run.Route) []string {
	var out []string
	for _, role := range callers {
		switch {
		case r.Public:
			out = append(out, "○")
		case slices.Contains(r.Roles, role):
			out = append(out, "✓")
		default:
			out = append(out, "")
		}
	}
	return out
}

func needs(list []need.Need) string {
	var out []string
	for _, n := range list {
		word := n.Kind
		if n.Queue != "" {
			word += " " + n.Queue
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return strings.Join(out, ", ")
}

// short is a duration without its zeros: 15m, not 15m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
