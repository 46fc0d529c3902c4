package stack

import (
	"slices"
	"strings"
	"time"

	"fitkit/shared/need"
)

// ParameterName is the CamelCase of a variable: DATABASE_URL is DatabaseUrl.
func ParameterName(variable string) string { return camel(variable, "_") }

// Title is a name as a logical id.
func Title(name string) string { return camel(name, "-") }

func camel(text, separator string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(text, separator) {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	return b.String()
}

// logicalID leaves the domain out, for the stack is the domain's: api-billing-create-charge is ApiCreateCharge.
func logicalID(domain, function string) string {
	return Title(strings.Replace(function, "-"+domain+"-", "-", 1))
}

func seconds(d time.Duration) int { return int(d.Seconds()) }

// Trigger is one line that says what the function reacts to.
func (f Function) Trigger() string {
	switch {
	case f.Route != nil:
		return f.Route.Method + " " + f.Route.Path
	case f.Queue != nil:
		return "queue " + f.Queue.Name
	case f.Socket != nil:
		return "WebSocket " + f.Socket.Route
	}
	return "schedule " + f.Schedule.Expression + " " + f.Schedule.Zone
}

// OnGateway says that the function answers at the HTTP API.
func (f Function) OnGateway() bool { return f.Route != nil && f.Route.Front != "url" }

// Paths are the route's address and its aliases, with the logical id's ending of each.
func (f Function) Paths() []Path {
	out := []Path{{Path: f.Route.Path}}
	for _, alias := range f.Route.Aliases {
		out = append(out, Path{Path: alias, Suffix: Title(strings.Trim(alias, "/"))})
	}
	return out
}

// Path is one route of an endpoint.
type Path struct{ Path, Suffix string }

// Wildcard is the path in a permission's ARN, where each parameter is a star.
func (p Path) Wildcard() string {
	parts := strings.Split(p.Path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// gatewayMillis is the longest an HTTP API waits.
const gatewayMillis = 30_000

// IntegrationMillis lets the function's own timeout come first.
func (f Function) IntegrationMillis() int64 {
	return min(gatewayMillis, f.Timeout.Milliseconds()+1000)
}

// InvokeMode is how a function URL answers.
func (f Function) InvokeMode() string { return "BUFFERED" }

// ShortName is the function without its trigger, the name of its queue or schedule.
func (f Function) ShortName() string {
	_, rest, _ := strings.Cut(f.Name, "-")
	return rest
}

// QueueAge is when the oldest message has waited suspiciously long: one round of receives has surely failed.
func (f Function) QueueAge() int { return max(900, 2*seconds(f.Visibility())) }

// Switch is the window of the cron's dead-man's switch. New has checked that there is one.
func (f Function) Switch() Switch {
	s, _ := switchOf(f.Schedule.Expression)
	return s
}

// Measures says that the function may read metrics.
func (f Function) Measures() bool { return slices.Contains(f.Needs, need.Metrics) }
