// Package run starts a function: it reads the declaration, checks exactly the variables that the declared needs imply,
// all at once, and hands out what was read. Clients are made by the packages they belong to (postgres.From, outbox.Postgres,
// cardcom.From …), so that a function links and opens only what its main names.
package run

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/obs/sentry"
)

// Declared is anything with a Spec: an api.Op, a job.Op, a cron.Op, a hook.Op.
type Declared interface{ Spec() Spec }

// App is a started function's settings and its memoised clients.
type App struct {
	Spec       Spec
	Core       *config.Core
	sections   []any
	references *references // nil when no setting is one
	mu         sync.Mutex
	made       map[string]any
	later      sync.Mutex // of beside; Once holds mu while it makes a client
	beside     []func()
}

// askFirst is how long asking Lambda for an event takes, with room for a busy machine: work beside it must not take the
// processor from it. An event that comes sooner begins the work itself.
const askFirst = 50 * time.Millisecond

// Beside keeps work for the moment when the function is made and has asked for its first event: dialling a database
// then costs the start nothing and is over, or nearly, when the event is there.
func (app *App) Beside(work func()) {
	app.later.Lock()
	defer app.later.Unlock()
	app.beside = append(app.beside, work)
}

// Made has the work that Beside kept done in the background, once the event has been asked for. Serve calls it last of all.
func (app *App) Made() { time.AfterFunc(askFirst, app.doBeside) }

// doBeside begins that work, once.
func (app *App) doBeside() {
	app.later.Lock()
	defer app.later.Unlock()
	for _, work := range app.beside {
		go work()
	}
	app.beside = nil
}

// Start checks the environment for what op needs. A function that is misconfigured says everything that is wrong,
// once, and exits.
func Start(op Declared) *App {
	app, err := New(op, os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return app
}

// New is Start for tests and tools: it answers with the error instead of exiting.
func New(op Declared, getenv func(string) string) (*App, error) {
	app := &App{Spec: op.Spec(), made: map[string]any{}}
	if err := app.read(getenv); err != nil {
		return nil, err
	}
	app.Core = app.sections[0].(*config.Core)
	if dsn := app.Core.SentryDSN; dsn != "" {
		c, err := sentry.New(dsn, app.Core.Stage)
		if err != nil {
			return nil, err
		}
		obs.ReportTo(c.Report)
	}
	return app, nil
}

// read fills the sections, from the parameter store where the environment only names a parameter.
func (app *App) read(getenv func(string) string) error {
	refs, err := referencesOf(need.Sections(app.Spec.Needs), getenv)
	if err != nil {
		return err
	}
	if refs == nil {
		app.sections, err = settings(app.Spec, getenv)
		return err
	}
	unread := refs.read(context.Background())
	app.references = refs
	app.sections, err = settings(app.Spec, refs.lookup(refs.values))
	return unread.With(err)
}

// Section is the settings of type T. Asking for a section whose need is not declared is a mistake in the function's
// declaration, found at its first start.
func Section[T any](app *App) *T {
	for _, s := range app.sections {
		if t, ok := s.(*T); ok {
			return t
		}
	}
	Fatal(fmt.Errorf("%s uses %T without declaring the need for it", app.Spec.Name, *new(T)))
	return nil
}

// Once makes a client the first time and hands out the same one after.
func Once[T any](app *App, name string, make func() T) T {
	app.mu.Lock()
	defer app.mu.Unlock()
	if v, ok := app.made[name]; ok {
		return v.(T)
	}
	v := make()
	app.made[name] = v
	return v
}

// Fatal ends a start that cannot succeed.
func Fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
