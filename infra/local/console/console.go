// Package console is what a developer sees of the running platform in a browser, at /_dev: functions with their log lines,
// queues, schedules, sandboxes, sessions to sign in with, the test clock, and the API reference. Pages are made here, in Hebrew
// and in English, without a script; what they do is done by the platform's own parts and by FitKit's own endpoints.
//
// It mints sessions of owners, so it must only be mounted where this machine's own browsers are let in (gateway.Mount).
package console

import (
	"context"
	"embed"
	"net/http"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/template"
	"fitkit/shared/id"
	"fitkit/shared/platform"
	"fitkit/shared/queue"
)

// Root is the address of the first page.
const Root = "/_dev"

// Options are the parts of a platform that are shown and steered.
type Options struct {
	Template  *template.Platform
	API       string // the platform's own address
	Host      Host
	Logs      Logs
	Queues    Queues
	Schedules Schedules
	Jobs      Jobs
	Parts     []Part
	Clerk     Service
	Cardcom   Service
	Neon      Service
	Seed      string // the file of the demo studio's record
	Document  string // docs/openapi.yaml
}

// Host runs functions.
type Host interface {
	Processes(function string) []int
	Busy(function string) []int
}

// Logs keeps what functions wrote last.
type Logs interface {
	Last(function string, n int) []host.LogLine
}

// Queues counts messages.
type Queues interface {
	Depths(ctx context.Context) ([]poller.Depth, error)
}

// Schedules runs a schedule.
type Schedules interface {
	RunNow(ctx context.Context, name string, slot time.Time) (host.Result, error)
}

// Jobs is the table of jobs, across all studios; platform.Overview and discard.Store are it.
type Jobs interface {
	Queues(ctx context.Context) ([]platform.QueueJobs, error)
	Dead(ctx context.Context, q queue.Name, after *platform.Death, limit int) ([]platform.DeadJob, error)
	Redrive(ctx context.Context, r platform.Redrive) (platform.Redriven, error)
	Discard(ctx context.Context, org id.Org, job id.Job, by, reason string) error
	CronRuns(ctx context.Context, now time.Time) ([]platform.CronRun, error)
}

// Part is a store or a sandbox that listens somewhere.
type Part struct {
	Name, Kind string // Kind is "store" or "sandbox"
	URL        string // may hold a password; it is not shown
}

// Service is a sandbox; its URL is empty when .env points at the real one.
type Service struct{ URL, Key string }

//go:embed templates console.css
var files embed.FS

// Console is an http.Handler for Root and all below it.
type Console struct {
	Options
	mux   *http.ServeMux
	notes notes
}

// New is a console for a platform.
func New(o Options) *Console {
	c := &Console{Options: o, mux: http.NewServeMux()}
	c.page("", c.overview)
	c.page("/functions", c.functions)
	c.page("/functions/{name}", c.function)
	c.page("/trace", c.trace)
	c.page("/queues", c.queues)
	c.page("/schedules", c.schedules)
	c.page("/sandboxes", c.sandboxes)
	c.page("/sandboxes/clerk", c.clerk)
	c.page("/sandboxes/cardcom", c.cardcom)
	c.page("/sandboxes/neon", c.neon)
	c.page("/tokens", c.tokens)
	c.page("/clock", c.clock)
	c.page("/api", c.reference)
	c.action("/queues/{name}/redrive", c.redrive)
	c.action("/jobs/{id}/discard", c.discard)
	c.action("/schedules/{name}/run", c.runNow)
	c.action("/tokens", c.mint)
	c.action("/clock", c.advance)
	c.action("/clock/studio", c.createTestStudio)
	c.mux.HandleFunc("GET "+Root+"/console.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, "console.css")
	})
	c.page("/", func(*http.Request) (view, error) { return view{}, errNotFound })
	return c
}

// ServeHTTP serves a page. The policy lets a page load its own style and nothing else, run no script, and stand in no frame.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	c.mux.ServeHTTP(w, r)
}
