// Package sockets is the WebSocket API of the local platform: it turns handshakes and frames into the events that API Gateway
// sends to functions, and offers its management API (@connections), with its limits. The rules are those of
// contracts/platform/aws-runtime.md §4.
package sockets

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// Path is where the API is on the gateway's port; it stands for the stage.
const Path = "/realtime"

// Limits of API Gateway.
const (
	maxMessage = 128 << 10
	maxFrame   = 32 << 10
	idle       = 10 * time.Minute
	life       = 2 * time.Hour
	patience   = 29 * time.Second // for a function's answer
	writeTime  = 10 * time.Second
)

// Invoker runs a function; host.Host is the real one.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (host.Result, error)
}

// Options configure an API. Zero durations are API Gateway's own.
type Options struct {
	Routes     []template.SocketRoute
	Invoker    Invoker
	Idle, Life time.Duration
	Now        func() time.Time // of event times; time.Now by default
}

// API is an http.Handler for all that begins with Path.
type API struct {
	opt    Options
	routes map[string]string
	mux    *http.ServeMux

	mu     sync.Mutex
	open   map[string]*connection
	closed bool
	ending sync.WaitGroup
}

// New makes the API.
func New(opt Options) *API {
	if opt.Idle == 0 {
		opt.Idle = idle
	}
	if opt.Life == 0 {
		opt.Life = life
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	a := &API{opt: opt, routes: map[string]string{}, mux: http.NewServeMux(), open: map[string]*connection{}}
	for _, r := range opt.Routes {
		a.routes[r.Key] = r.Function
	}
	a.mux.HandleFunc("GET "+Path, a.handshake)
	a.mountManagement()
	return a
}

// ServeHTTP takes handshakes and calls of the management API.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// handshake asks $connect. The connection is there for the management API once that has let it in.
func (a *API) handshake(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		refuse(w, http.StatusUpgradeRequired, "Upgrade Required")
		return
	}
	c := newConnection(a, r)
	if status := c.connect(r); status < 200 || status > 299 {
		refuse(w, status, http.StatusText(status))
		return
	}
	// The function has looked at the Origin. The frames' lengths are looked at below the library, which hides them.
	conn, err := websocket.Accept(framed{w}, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		c.disconnect(websocket.StatusAbnormalClosure, "")
		return
	}
	c.begin(conn)
	if !a.add(c) {
		_ = conn.Close(websocket.StatusGoingAway, "") // the platform ends
		return
	}
	defer a.ending.Done()
	code, reason := c.serve()
	a.remove(c)
	c.disconnect(code, reason)
}

func (a *API) add(c *connection) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.ending.Add(1)
	a.open[c.id] = c
	return true
}

func (a *API) remove(c *connection) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, c.id)
}

func (a *API) find(id string) *connection {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open[id]
}

// Close ends all connections and returns when their $disconnect has run.
func (a *API) Close() {
	a.mu.Lock()
	a.closed = true
	for _, c := range a.open {
		c.end(websocket.StatusGoingAway, "Going away")
	}
	a.mu.Unlock()
	a.ending.Wait()
}

// invoke runs the function of a route and gives the status that it answers; 502 when it failed.
func (a *API) invoke(function string, event any) (int, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return http.StatusBadGateway, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	result, err := a.opt.Invoker.Invoke(ctx, function, payload)
	if err != nil {
		return http.StatusBadGateway, err
	}
	if result.FunctionError != "" {
		return http.StatusBadGateway, errors.New(function + " failed")
	}
	var answer struct{ StatusCode int }
	if json.Unmarshal(result.Payload, &answer) != nil || answer.StatusCode == 0 {
		return http.StatusBadGateway, errors.New(function + " answered no status")
	}
	return answer.StatusCode, nil
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // nobody is left to tell
}
