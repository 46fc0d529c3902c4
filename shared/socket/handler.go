package socket

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/fail"
	"fitkit/shared/management"
	"fitkit/shared/obs"
	"fitkit/shared/tenancy"
)

type event = events.APIGatewayWebsocketProxyRequest

// Handler is a route with its code. Its error becomes the status that the invocation answers, which counts at $connect alone.
type Handler struct {
	Op     Op
	handle func(ctx context.Context, ev event) error
}

// Handshake is somebody who wants to connect.
type Handshake struct {
	Connection string // the id that the connection will have
	Ticket     string // of the query; "" when there is none, or several
}

// Connect makes the handler of $connect. Browsers of sites that are not in origins are refused before anything else: pages of
// other sites can open WebSockets, for no CORS protects them. What sends no Origin is no browser; it too needs a ticket.
func Connect(op Op, origins []string, handle func(ctx context.Context, h Handshake) error) Handler {
	return Handler{op, func(ctx context.Context, ev event) error {
		if sent := header(ev, "Origin"); len(sent) > 1 || len(sent) == 1 && !slices.Contains(origins, sent[0]) {
			return ErrOrigin
		}
		h := Handshake{Connection: ev.RequestContext.ConnectionID}
		if tickets := query(ev, "ticket"); len(tickets) == 1 {
			h.Ticket = tickets[0]
		}
		return handle(ctx, h)
	}}
}

// header is every value of a request header, which API Gateway hands over in the case that it was sent in.
func header(ev event, name string) []string {
	var out []string
	for key, values := range ev.MultiValueHeaders {
		if strings.EqualFold(key, name) {
			out = append(out, values...)
		}
	}
	for key, value := range ev.Headers {
		if strings.EqualFold(key, name) && len(out) == 0 {
			out = append(out, value)
		}
	}
	return out
}

func query(ev event, name string) []string {
	if values := ev.MultiValueQueryStringParameters[name]; len(values) > 0 {
		return values
	}
	if value, ok := ev.QueryStringParameters[name]; ok {
		return []string{value}
	}
	return nil
}

// Disconnect makes the handler of $disconnect, which comes when a connection has ended, mostly.
func Disconnect(op Op, handle func(ctx context.Context, connection string) error) Handler {
	return Handler{op, func(ctx context.Context, ev event) error {
		return handle(ctx, ev.RequestContext.ConnectionID)
	}}
}

// Poster sends a message to a connection; *management.Client does.
type Poster interface {
	Post(ctx context.Context, connection string, body []byte) error
}

// Message makes the handler of an action. What handle answers, or the error, is posted to the connection.
func Message[M any](op Op, to Poster, handle func(ctx context.Context, c tenancy.Caller, m M) (reply any, err error)) Handler {
	return Handler{op, func(ctx context.Context, ev event) error {
		var m M
		var reply any
		err := error(ErrMessage)
		if json.Unmarshal([]byte(ev.Body), &m) == nil {
			reply, err = handle(ctx, tenancy.Caller{Connection: ev.RequestContext.ConnectionID}, m)
		}
		if err != nil {
			reply = refusal(fail.From(err))
		}
		return answer(ctx, to, ev.RequestContext.ConnectionID, reply, err)
	}}
}

// answer posts the reply. The message's own error has been told by it; what cannot be posted is the invocation's failure,
// unless the client has left, who waits for nothing.
func answer(ctx context.Context, to Poster, connection string, reply any, failed error) error {
	body, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	switch err := to.Post(ctx, connection, body); {
	case errors.Is(err, management.ErrGone):
		obs.Add(ctx, "gone", true)
	case err != nil:
		return errors.Join(err, failed)
	}
	return failed
}

// Refusal is the message that a client gets for one that was refused: the members of a problem document, as docs/errors.md
// lists them.
type Refusal struct {
	Type    string `json:"type"` // "error"
	Code    string `json:"code"`
	Title   string `json:"title"`
	TitleHe string `json:"title_he"`
	Status  int    `json:"status"`
}

func refusal(e *fail.Error) Refusal {
	return Refusal{Type: "error", Code: e.Code, Title: e.Detail, TitleHe: e.Hebrew, Status: e.Kind.Status()}
}
