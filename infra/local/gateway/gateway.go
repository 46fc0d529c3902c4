// Package gateway is the front door of the local platform: an HTTP API in front of the functions (payload 2.0,
// its routes, limits, error bodies and CORS), their function URLs at <function>.localhost, and the operator's
// pages under /_local/. The rules are those of contracts/platform/aws-runtime.md §2 and §3.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/sockets"
	"fitkit/infra/local/template"
)

// Limits of the HTTP API and of function URLs.
const (
	maxBody        = 10 << 20
	maxHeaders     = 10_240 // header lines and the request line together
	slowBody       = 10 * time.Second
	maxIntegration = 30 * time.Second
	urlSuffix      = ".localhost"
)

// Invoker runs a function; host.Host is the real one.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (host.Result, error)
}

// compiles is an Invoker that builds a function when it is first wanted.
type compiles interface {
	Built(ctx context.Context, function string) error
}

// Options configure a Gateway.
type Options struct {
	Platform *template.Platform
	Invoker  Invoker
	Region   string
	// Now is the clock of event times; time.Now by default.
	Now func() time.Time
	// BodyTimeout is how long a request's body may take; 10 s by default.
	BodyTimeout time.Duration
	// Sockets is the WebSocket API, at sockets.Path and below; without one nothing is there.
	Sockets http.Handler
	// Local serves /_local/. Its parts may be nil; what they serve then answers 404.
	Local Local
}

// Gateway is an http.Handler.
type Gateway struct {
	opt    Options
	routes *routes
	cors   *cors
	urls   map[string]functionURL
	pages  *http.ServeMux
}

type functionURL struct {
	function template.Function
	cors     *cors
}

// New checks the CORS configurations and the routes. It refuses an allow-list with an entry that is not an
// exact origin.
func New(opt Options) (*Gateway, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.BodyTimeout == 0 {
		opt.BodyTimeout = slowBody
	}
	if opt.Region == "" {
		opt.Region = "eu-central-1"
	}
	g := &Gateway{opt: opt, urls: map[string]functionURL{}, pages: http.NewServeMux()}
	var err error
	if g.cors, err = newCORS(opt.Platform.CORS); err != nil {
		return nil, fmt.Errorf("CORS of the HTTP API: %w", err)
	}
	if g.routes, err = newRoutes(opt.Platform.Routes); err != nil {
		return nil, err
	}
	for _, f := range opt.Platform.Functions {
		if f.URL == nil {
			continue
		}
		c, err := newCORS(f.URL.CORS)
		if err != nil {
			return nil, fmt.Errorf("CORS of the URL of %s: %w", f.Name, err)
		}
		g.urls[f.Name] = functionURL{f, c}
	}
	g.mountLocal()
	return g, nil
}

// Mount adds pages for this machine's own browsers and commands. The pattern is one of http.ServeMux without a host; its path
// must begin with "/_", which no route of the API does. It is not to be called once the gateway serves.
func (g *Gateway) Mount(pattern string, handler http.Handler) {
	g.pages.Handle(pattern, ownPages(handler))
}

// Server is an http.Server for addr with the limits that must hold before a handler runs.
func (g *Gateway) Server(addr string) *http.Server {
	return &http.Server{
		Addr: addr, Handler: g, ReadHeaderTimeout: slowBody, IdleTimeout: 2 * time.Minute,
		// Go answers 431 itself far above the API's limit; ServeHTTP holds the exact one.
		MaxHeaderBytes: 64 << 10,
	}
}

// ServeHTTP sends a request to a page, to a function's URL or through the API.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutSuffix(hostname(r.Host), urlSuffix); ok {
		g.serveURL(w, r, name)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/_") {
		g.pages.ServeHTTP(w, r)
		return
	}
	if g.opt.Sockets != nil && (r.URL.Path == sockets.Path || strings.HasPrefix(r.URL.Path, sockets.Path+"/")) {
		g.opt.Sockets.ServeHTTP(w, r)
		return
	}
	g.serveAPI(w, r)
}

func hostname(hostport string) string {
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		return strings.ToLower(name)
	}
	return strings.ToLower(hostport)
}

func (g *Gateway) serveAPI(w http.ResponseWriter, r *http.Request) {
	g.cors.apply(w.Header(), r) // before any answer: a browser hides the errors that come without
	if headerBytes(r) > maxHeaders {
		message(w, http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
		return
	}
	if g.cors.preflight(w, r) {
		return
	}
	route, params, ok := g.routes.match(r.Method, r.URL.Path)
	if !ok {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	body, err := g.readBody(w, r, maxBody)
	if err != nil {
		refuseBody(w, err)
		return
	}
	if c, ok := g.opt.Invoker.(compiles); ok {
		_ = c.Built(r.Context(), route.Function) // the compiler's time is not the function's; what it complains of, Invoke tells
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(route.Timeout, maxIntegration))
	defer cancel()
	e := event{request: r, body: body, routeKey: route.Key(), params: params, now: g.opt.Now(), api: g.api(r)}
	result, err := g.opt.Invoker.Invoke(ctx, route.Function, e.encode())
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		message(w, http.StatusGatewayTimeout, "Endpoint request timed out")
	case errors.Is(err, host.ErrPayloadTooLarge):
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case errors.Is(err, host.ErrClosed):
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
	case err != nil || result.FunctionError != "":
		message(w, http.StatusInternalServerError, "Internal Server Error")
	default:
		if err := writeResult(w, result.Payload, g.cors != nil); err != nil {
			message(w, http.StatusInternalServerError, "Internal Server Error")
		}
	}
}

// api is how the HTTP API names itself to functions: by the host that the client asked for.
func (g *Gateway) api(r *http.Request) apiName {
	domain := hostname(r.Host)
	prefix, _, _ := strings.Cut(domain, ".")
	return apiName{id: "local", domain: domain, prefix: prefix}
}

// serveURL is a function's own address: no routes, 6 MB, no 30 s limit, other error bodies.
func (g *Gateway) serveURL(w http.ResponseWriter, r *http.Request, name string) {
	u, ok := g.urls[name]
	if !ok {
		urlMessage(w, http.StatusNotFound, "no function "+name+" with a URL")
		return
	}
	if u.function.URL.AuthType != "NONE" {
		urlMessage(w, http.StatusForbidden, "Forbidden")
		return
	}
	u.cors.apply(w.Header(), r)
	if u.cors.preflight(w, r) {
		return
	}
	body, err := g.readBody(w, r, host.MaxPayload)
	if err != nil {
		refuseBody(w, err)
		return
	}
	domain := name + ".lambda-url." + g.opt.Region + ".on.aws"
	e := event{request: r, body: body, routeKey: "$default", now: g.opt.Now(), api: apiName{id: name, domain: domain, prefix: name}}
	if from, ok := g.opt.Invoker.(Streamer); ok && u.function.URL.InvokeMode == "RESPONSE_STREAM" {
		g.serveStream(w, r, name, e.encode(), u.cors != nil, from)
		return
	}
	result, err := g.opt.Invoker.Invoke(r.Context(), name, e.encode())
	if errors.Is(err, host.ErrPayloadTooLarge) {
		urlMessage(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil || result.FunctionError != "" || writeResult(w, result.Payload, u.cors != nil) != nil {
		urlMessage(w, http.StatusBadGateway, "Internal Server Error")
	}
}
