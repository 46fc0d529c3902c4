package run

import (
	"context"
	"os"
	"runtime"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"
)

// Serve answers events until Lambda ends the process. A function whose secrets stand in the parameter store looks at the clock
// before each event: nothing is begun then, so a process whose secrets have changed can make itself anew and take the event along.
func (app *App) Serve(handler any) {
	h := lambda.Handler(first{app, lambda.NewHandler(handler)})
	app.Beside(func() { shareOfProcessor(os.Getenv) }) // a start has both
	app.Made()
	if app.references != nil {
		takenAlong(h)
		h = fresh{app, h}
	}
	lambda.Start(h)
}

// oneProcessor is the memory at which Lambda gives a function the time of one processor (AWS Lambda, Configure memory).
const oneProcessor = 1769 // MB

// shareOfProcessor has Go use one thread at a time where the function's memory pays for less than one processor. Lambda shows it
// two, and what a second thread spends on looking for work is taken from the first (docs/decisions/026).
func shareOfProcessor(getenv func(string) string) {
	if mb, err := strconv.Atoi(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")); err == nil && mb < oneProcessor {
		runtime.GOMAXPROCS(1)
	}
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
