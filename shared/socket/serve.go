package socket

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/run"
)

// Spec is the operation's.
func (h Handler) Spec() run.Spec { return h.Op.Spec() }

// Serve answers events until Lambda ends the process.
func Serve(app *run.App, h Handler) {
	app.Serve(Lambda(h))
}

// Lambda is the handler as Lambda calls it.
func Lambda(h Handler) func(context.Context, events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	return func(ctx context.Context, ev events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
		ctx, wide := obs.Start(ctx, h.Op.Name, ev.RequestContext.RequestID)
		defer wide.End(ctx)
		ctx = obs.WithCorrelation(ctx, id.New[id.Event]().String())
		obs.Add(ctx, "connection", ev.RequestContext.ConnectionID)
		status, err := http.StatusOK, h.run(ctx, ev)
		if err != nil {
			status = noted(ctx, err)
		}
		obs.Add(ctx, "status", status)
		return events.APIGatewayProxyResponse{StatusCode: status}, nil
	}
}

// noted puts a refusal into the invocation's event, as a failure when it is ours, and gives its status.
func noted(ctx context.Context, err error) int {
	f := fail.From(err)
	obs.Add(ctx, "code", f.Code)
	if status := f.Kind.Status(); status < http.StatusInternalServerError {
		return status
	}
	obs.Failed(ctx, err)
	return f.Kind.Status()
}

var errPanic = errors.New("panic")

// run calls the handler; a panic is that one event's failure.
func (h Handler) run(ctx context.Context, ev event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			obs.Add(ctx, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return h.handle(ctx, ev)
}
