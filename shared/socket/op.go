// Package socket is the WebSocket edge: it turns API Gateway's events into typed calls. A handshake is let in or refused by its
// answer's status. A message is answered by a message of its own, through the management API: what a function returns goes
// nowhere.
package socket

import (
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/run"
)

// The routes that API Gateway itself knows. Every other route is an action: the "action" member of a message.
const (
	RouteConnect    = "$connect"
	RouteDisconnect = "$disconnect"
	RouteDefault    = "$default" // messages that name no route
)

// Op is a route's declaration.
type Op struct {
	Name     string // socket-<domain>-<verb>
	Summary  string
	Route    string
	Errors   []*fail.Error
	Needs    []need.Need
	MemoryMB int           // 256 by default
	Timeout  time.Duration // 10 s by default; API Gateway waits for 29
}

const (
	defaultMemory  = 256
	defaultTimeout = 10 * time.Second
)

// Spec is what templates and documents are made from.
func (o Op) Spec() run.Spec {
	memory, timeout := o.MemoryMB, o.Timeout
	if memory == 0 {
		memory = defaultMemory
	}
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return run.Spec{Name: o.Name, Summary: o.Summary, Needs: o.Needs, Memory: memory, Timeout: timeout,
		Socket: &run.Socket{Route: o.Route, Errors: o.Errors}}
}

// Errors of the edge.
var (
	ErrOrigin = fail.New(fail.Forbidden, "socket.origin_refused", "Connections from this site are not allowed.",
		"חיבורים מאתר זה אינם מותרים.")
	ErrMessage = fail.New(fail.BadRequest, "socket.message_malformed", `The message cannot be read. Send one JSON object with an "action".`,
		`לא ניתן לקרוא את ההודעה. שלחו אובייקט JSON אחד עם "action".`)
	ErrAction = fail.New(fail.NotFound, "socket.action_unknown", `There is no such action. Send one JSON object with a known "action".`,
		`אין פעולה כזו. שלחו אובייקט JSON אחד עם "action" מוכר.`)
)
