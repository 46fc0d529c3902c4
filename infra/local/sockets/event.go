package sockets

import (
	"crypto/rand"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/coder/websocket"
)

// event is what API Gateway sends; its form is aws-lambda-go's.
type event struct {
	events.APIGatewayWebsocketProxyRequest
}

// newEvent is what the events of a connection have in common.
func newEvent(c *connection, r *http.Request) event {
	var e event
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	e.RequestContext = events.APIGatewayWebsocketProxyRequestContext{
		ConnectionID: c.id, ConnectedAt: c.connected.UnixMilli(), DomainName: r.Host, Stage: strings.TrimPrefix(Path, "/"), APIID: "local",
		MessageDirection: "IN", Identity: events.APIGatewayRequestIdentity{SourceIP: ip, UserAgent: r.UserAgent()},
	}
	e.at(c, requestID())
	return e
}

func (e *event) at(c *connection, request string) {
	e.RequestContext.RequestID, e.RequestContext.ExtendedRequestID = request, request
	e.RequestContext.RequestTimeEpoch = c.api.opt.Now().UnixMilli()
}

// connect has the handshake's headers, in the case that they were sent in, and its query.
func (e event) connect(r *http.Request) event {
	e.RequestContext.RouteKey, e.RequestContext.EventType = "$connect", "CONNECT"
	e.MultiValueHeaders = map[string][]string{"Host": {r.Host}}
	for name, values := range r.Header {
		e.MultiValueHeaders[name] = values
	}
	e.Headers = last(e.MultiValueHeaders)
	if query := r.URL.Query(); len(query) > 0 {
		e.MultiValueQueryStringParameters, e.QueryStringParameters = query, last(query)
	}
	return e
}

// last is the map that has one value for each name.
func last(many map[string][]string) map[string]string {
	one := map[string]string{}
	for name, values := range many {
		one[name] = values[len(values)-1]
	}
	return one
}

func (e event) message(key, request string, body []byte) event {
	e.RequestContext.RouteKey, e.RequestContext.EventType = key, "MESSAGE"
	e.RequestContext.MessageID, e.RequestContext.RequestID, e.RequestContext.ExtendedRequestID = request, request, request
	e.Body = string(body)
	return e
}

func (e event) disconnect(code websocket.StatusCode, reason string) event {
	e.RequestContext.RouteKey, e.RequestContext.EventType = "$disconnect", "DISCONNECT"
	e.RequestContext.DisconnectStatusCode = int64(code)
	e.RequestContext.DisconnectReason = &reason
	e.MultiValueHeaders = map[string][]string{"Host": {e.RequestContext.DomainName}}
	e.Headers = last(e.MultiValueHeaders)
	return e
}

// requestID needs only to be unique on this machine.
func requestID() string { return rand.Text() }
