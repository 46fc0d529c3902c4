package socket

import (
	"context"
	"net/http"

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
			obs.Refused(ctx, err)
			status = fail.From(err).Kind.Status()
		}
		obs.Add(ctx, "status", status)
		return events.APIGatewayProxyResponse{StatusCode: status}, nil
	}
}

// run calls the handler; a panic is that one event's failure.
func (h Handler) run(ctx context.Context, ev event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = obs.Panicked(ctx)
		}
	}()
	ctx, cancel := run.Within(ctx)
	defer cancel()
	return h.handle(ctx, ev)
}
