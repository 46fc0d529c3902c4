package run

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// Serve answers events until Lambda ends the process. A function whose secrets stand in the parameter store looks at the clock
// before each event: nothing is begun then, so a process whose secrets have changed can make itself anew and take the event along.
func (app *App) Serve(handler any) {
	if app.references == nil {
		app.Made()
		lambda.Start(handler)
		return
	}
	h := lambda.NewHandler(handler)
	app.Made()
	takenAlong(h)
	lambda.Start(fresh{app, h})
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
