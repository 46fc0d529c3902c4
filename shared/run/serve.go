package run

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// Serve answers events until Lambda ends the process. A function whose secrets stand in the parameter store looks at the clock
// before each event: nothing is begun then, so a process whose secrets have changed can make itself anew and take the event along.
func (app *App) Serve(handler any) {
	h := lambda.Handler(first{app, lambda.NewHandler(handler)})
	app.Made()
	if app.references != nil {
		takenAlong(h)
		h = fresh{app, h}
	}
	lambda.Start(h)
}

// first begins what Beside kept with the first event, when that comes sooner than the clock.
type first struct {
	app  *App
	next lambda.Handler
}

// Invoke implements lambda.Handler.
func (f first) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	f.app.doBeside()
	return f.next.Invoke(ctx, payload)
}

// fresh lets no event be worked on with settings that are known to be old.
type fresh struct {
	app  *App
	next lambda.Handler
}

// Invoke implements lambda.Handler.
func (f fresh) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if f.app.changed(ctx) {
		err := anew(ctx, payload) // returns only when it failed
		f.app.references.postpone("error", err.Error())
	}
	return f.next.Invoke(ctx, payload)
}
