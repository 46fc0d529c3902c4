package stack

import (
	"fmt"
	"slices"

	"fitkit/shared/need"
)

// Sockets are the stack's functions behind the WebSocket API, which stands in the stack that has some.
func (s Stack) Sockets() []Function {
	return slices.DeleteFunc(slices.Clone(s.Functions), func(f Function) bool { return f.Socket == nil })
}

// Manages says that the function may write to connections and cut them.
func (f Function) Manages() bool { return slices.Contains(f.Needs, need.Connections) }

// realtimeURL is where clients connect: an address that was given, as the local platform's is, or the API's domain, or API
// Gateway's own name of it.
const realtimeURL = "!If [OwnRealtimeUrl, !Ref RealtimeUrl, !If [HasRealtimeDomain, !Sub 'wss://${RealtimeDomain}', " +
	"!Sub 'wss://${RealtimeApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live']]"

// RealtimeURL is the same for the stack's outputs.
func (s Stack) RealtimeURL() string { return realtimeURL }

// checkSockets refuses a function that speaks of the WebSocket API outside of its stack: there is no API to refer to.
func (s Stack) checkSockets() error {
	if s.Has("RealtimeUrl") && len(s.Sockets()) == 0 {
		return fmt.Errorf("the %s stack has a function that needs the WebSocket API, which is in the stack of the sockets: move it there", s.Domain)
	}
	return nil
}
