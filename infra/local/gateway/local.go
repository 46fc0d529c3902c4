package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/scheduler"
)

// Local is what the pages under /_local/ show and do. A nil field answers 404.
type Local struct {
	// RunCron runs a schedule now; slot is its planned time, now when zero.
	RunCron func(ctx context.Context, name string, slot time.Time) (host.Result, error)
	// Queues gives the depth of every queue.
	Queues func(ctx context.Context) (any, error)
	// Processes and Busy list a function's processes; Kill ends one with SIGKILL.
	Processes, Busy func(function string) []int
	Kill            func(pid int) error
	// Logs gives the last n lines of a function, or of all when it is empty.
	Logs func(function string, n int) []host.LogLine
	// Figures counts what a function did in a span of time.
	Figures func(function string, since, until time.Time) host.Figures
}

// mountLocal adds what the operator and the tests of the platform need.
func (g *Gateway) mountLocal() {
	g.Mount("GET /_local/functions", http.HandlerFunc(g.listFunctions))
	g.Mount("GET /_local/crons", http.HandlerFunc(g.listCrons))
	l := g.opt.Local
	if l.RunCron != nil {
		g.Mount("POST /_local/cron/{name}/run", http.HandlerFunc(g.runCron))
	}
	if l.Queues != nil {
		g.Mount("GET /_local/queues", http.HandlerFunc(g.listQueues))
	}
	if l.Kill != nil && l.Busy != nil {
		g.Mount("POST /_local/functions/{name}/kill", http.HandlerFunc(g.killBusy))
	}
	if l.Figures != nil {
		g.Mount("POST "+CloudWatchPath+"/{$}", http.HandlerFunc(g.tellMetrics))
	}
	if l.Logs != nil {
		g.Mount("GET /_local/logs", http.HandlerFunc(g.lastLogs))
	}
}

type functionView struct {
	Name           string   `json:"name"`
	MemoryMB       int      `json:"memoryMb"`
	TimeoutSeconds float64  `json:"timeoutSeconds"`
	Routes         []string `json:"routes"`
	URL            string   `json:"url,omitempty"`
	Processes      []int    `json:"processes"`
}

func (g *Gateway) listFunctions(w http.ResponseWriter, r *http.Request) {
	list := []functionView{}
	for _, f := range g.opt.Platform.Functions {
		v := functionView{Name: f.Name, MemoryMB: f.MemoryMB, TimeoutSeconds: f.Timeout.Seconds(), Routes: []string{}, Processes: []int{}}
		for _, route := range g.opt.Platform.Routes {
			if route.Function == f.Name {
				v.Routes = append(v.Routes, route.Key())
			}
		}
		if f.URL != nil {
			v.URL = "http://" + f.Name + urlSuffix + portOf(r.Host) + "/"
		}
		if g.opt.Local.Processes != nil {
			v.Processes = append(v.Processes, g.opt.Local.Processes(f.Name)...)
		}
		list = append(list, v)
	}
	writeJSON(w, http.StatusOK, list)
}

func portOf(hostport string) string { return hostport[len(hostname(hostport)):] }

type cronView struct {
	Name       string `json:"name"`
	Function   string `json:"function"`
	Expression string `json:"expression"`
	Zone       string `json:"zone"`
	Enabled    bool   `json:"enabled"`
}

func (g *Gateway) listCrons(w http.ResponseWriter, _ *http.Request) {
	list := []cronView{}
	for _, s := range g.opt.Platform.Schedules {
		list = append(list, cronView{s.Name, s.Function, s.Expression, s.Zone, s.Enabled})
	}
	writeJSON(w, http.StatusOK, list)
}

// runCron answers the function's own result; 502 with its error document when it failed.
func (g *Gateway) runCron(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Slot time.Time `json:"slot"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		writeJSON(w, http.StatusBadRequest, problem{`the body must be empty or {"slot":"2026-11-23T04:00:00Z"}`})
		return
	}
	result, err := g.opt.Local.RunCron(r.Context(), r.PathValue("name"), in.Slot)
	switch {
	case errors.Is(err, scheduler.ErrUnknownSchedule):
		writeJSON(w, http.StatusNotFound, problem{err.Error()})
	case err != nil:
		writeJSON(w, http.StatusInternalServerError, problem{err.Error()})
	case result.FunctionError != "":
		write(w, http.StatusBadGateway, "application/json", result.Payload)
	default:
		write(w, http.StatusOK, "application/json", result.Payload)
	}
}

func (g *Gateway) listQueues(w http.ResponseWriter, r *http.Request) {
	depths, err := g.opt.Local.Queues(r.Context())
	if err != nil {
		writeJSON(w, http.StatusBadGateway, problem{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, depths)
}

func (g *Gateway) killBusy(w http.ResponseWriter, r *http.Request) {
	busy := g.opt.Local.Busy(r.PathValue("name"))
	if len(busy) == 0 {
		writeJSON(w, http.StatusConflict, problem{"no process of " + r.PathValue("name") + " is busy"})
		return
	}
	if err := g.opt.Local.Kill(busy[0]); err != nil {
		writeJSON(w, http.StatusConflict, problem{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]int{"pid": busy[0]})
}

func (g *Gateway) lastLogs(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil || n < 1 {
		n = 100
	}
	writeJSON(w, http.StatusOK, g.opt.Local.Logs(r.FormValue("function"), n))
}

type problem struct {
	Message string `json:"message"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	write(w, status, "application/json", body)
}
