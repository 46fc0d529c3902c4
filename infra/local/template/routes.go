package template

import (
	"errors"
	"strings"
	"time"
)

// api notes the HTTP API with its CORS, and WebSocket APIs, whose routes are not HTTP routes.
func (c *collector) api(s *stack, r *resource) error {
	kind, err := s.text(child(r.props, "ProtocolType"))
	if err != nil {
		return err
	}
	if kind == "WEBSOCKET" {
		return c.webSocket(s, r)
	}
	for id, http := range c.httpAPIs {
		if http {
			return s.errorAt(r.node, "%s is a second HTTP API beside %s", r.id, id)
		}
	}
	c.httpAPIs[r.id] = true
	c.out.CORS, err = s.cors(child(r.props, "CorsConfiguration"))
	return err
}

func (c *collector) webSocket(_ *stack, r *resource) error {
	c.httpAPIs[r.id] = false
	return nil
}

// route keeps a route until all functions and APIs are known.
func (c *collector) route(s *stack, r *resource) error {
	api, err := s.text(child(r.props, "ApiId"))
	c.routes = append(c.routes, pendingRoute{s, r, api})
	return err
}

func (c *collector) joinRoute(p pendingRoute) error {
	s, r := p.s, p.r
	http, known := c.httpAPIs[p.api]
	if !known {
		return s.errorAt(r.node, "route %s: no template declares the API %q", r.id, p.api)
	}
	key, e1 := s.text(child(r.props, "RouteKey"))
	target, e2 := s.text(child(r.props, "Target"))
	if err := errors.Join(e1, e2); err != nil {
		return err
	}
	integration := s.byID[strings.TrimPrefix(target, "integrations/")]
	if integration == nil || integration.kind != kindIntegration {
		return s.errorAt(r.node, "route %s: target %q is not an integration of this stack", key, target)
	}
	if !http {
		function, err := c.behind(s, integration)
		c.out.Sockets = append(c.out.Sockets, SocketRoute{key, function})
		return err
	}
	function, timeout, err := c.integration(s, integration)
	if err != nil {
		return err
	}
	route := Route{Path: key, Function: function, Timeout: timeout}
	if method, path, ok := strings.Cut(key, " "); ok {
		route.Method, route.Path = method, path
	}
	if route.Path != "$default" && !strings.HasPrefix(route.Path, "/") {
		return s.errorAt(r.node, "route key %q is not METHOD /path or $default", key)
	}
	c.out.Routes = append(c.out.Routes, route)
	return nil
}

// integration is an integration of the HTTP API: its function and how long it is waited for.
func (c *collector) integration(s *stack, r *resource) (string, time.Duration, error) {
	name, e1 := c.behind(s, r)
	format, e2 := s.text(child(r.props, "PayloadFormatVersion"))
	millis, e3 := s.number(child(r.props, "TimeoutInMillis"), 30000)
	if err := errors.Join(e1, e2, e3); err != nil {
		return "", 0, err
	}
	if format != "2.0" {
		return "", 0, s.errorAt(r.node, "integration %s: PayloadFormatVersion must be 2.0", r.id)
	}
	return name, time.Duration(millis) * time.Millisecond, nil
}

// behind finds the function behind an integration; its URI is the function's ARN or API Gateway's
// long form around it (…:lambda:path/2015-03-31/functions/<arn>/invocations).
func (c *collector) behind(s *stack, r *resource) (string, error) {
	uri, err := s.text(child(r.props, "IntegrationUri"))
	if err != nil {
		return "", err
	}
	if _, inner, ok := strings.Cut(uri, "/functions/"); ok {
		uri = strings.TrimSuffix(inner, "/invocations")
	}
	name, ok := c.byARN[uri]
	if !ok {
		return "", s.errorAt(r.node, "integration %s: no template declares %s", r.id, uri)
	}
	return name, nil
}
