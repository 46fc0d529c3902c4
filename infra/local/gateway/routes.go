package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"fitkit/infra/local/template"
)

// routes is a tree of path segments. A full match wins over a greedy one ({proxy+}), a literal segment over a
// parameter, a method over ANY, and everything over $default.
type routes struct {
	root     *segment
	fallback *template.Route
}

type segment struct {
	literal map[string]*segment
	param   *segment
	here    map[string]template.Route // by method: paths that end here
	greedy  map[string]template.Route // by method: paths that take all the rest
}

func newSegment() *segment {
	return &segment{literal: map[string]*segment{}, here: map[string]template.Route{}, greedy: map[string]template.Route{}}
}

func newRoutes(list []template.Route) (*routes, error) {
	rs := &routes{root: newSegment()}
	for _, r := range list {
		if r.Method == "" {
			rs.fallback = &r
			continue
		}
		if err := rs.root.add(r, split(r.Path)); err != nil {
			return nil, err
		}
	}
	return rs, nil
}

func split(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

func (s *segment) add(r template.Route, parts []string) error {
	for i, part := range parts {
		switch {
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "+}"):
			if i != len(parts)-1 {
				return fmt.Errorf("route %s: a greedy parameter must come last", r.Key())
			}
			return put(s.greedy, r)
		case strings.HasPrefix(part, "{"):
			if s.param == nil {
				s.param = newSegment()
			}
			s = s.param
		default:
			if s.literal[part] == nil {
				s.literal[part] = newSegment()
			}
			s = s.literal[part]
		}
	}
	return put(s.here, r)
}

func put(m map[string]template.Route, r template.Route) error {
	if other, taken := m[r.Method]; taken {
		return fmt.Errorf("routes %s and %s match the same requests", other.Key(), r.Key())
	}
	m[r.Method] = r
	return nil
}

// match finds the route of a request and its path parameters, decoded once.
func (rs *routes) match(method, path string) (template.Route, []pair, bool) {
	parts := split(path)
	r, ok := rs.root.full(method, parts)
	if !ok {
		r, ok = rs.root.greedyMatch(method, parts)
	}
	if !ok && rs.fallback != nil {
		return *rs.fallback, nil, true
	}
	if !ok {
		return template.Route{}, nil, false
	}
	return r, params(r, parts), true
}

func (s *segment) full(method string, parts []string) (template.Route, bool) {
	if len(parts) == 0 {
		return pick(s.here, method)
	}
	if next := s.literal[parts[0]]; next != nil {
		if r, ok := next.full(method, parts[1:]); ok {
			return r, true
		}
	}
	if s.param != nil && parts[0] != "" {
		return s.param.full(method, parts[1:])
	}
	return template.Route{}, false
}

// greedyMatch prefers the longest path before the greedy parameter.
func (s *segment) greedyMatch(method string, parts []string) (template.Route, bool) {
	if len(parts) == 0 {
		return template.Route{}, false
	}
	for _, next := range []*segment{s.literal[parts[0]], s.param} {
		if next == nil || len(parts) == 1 {
			continue
		}
		if r, ok := next.greedyMatch(method, parts[1:]); ok {
			return r, true
		}
	}
	return pick(s.greedy, method)
}

func pick(m map[string]template.Route, method string) (template.Route, bool) {
	if r, ok := m[method]; ok {
		return r, true
	}
	r, ok := m["ANY"]
	return r, ok
}

func params(r template.Route, parts []string) []pair {
	var out []pair
	for i, name := range split(r.Path) {
		if !strings.HasPrefix(name, "{") {
			continue
		}
		name = strings.Trim(name, "{}")
		if greedy, ok := strings.CutSuffix(name, "+"); ok {
			return append(out, pair{greedy, strings.Join(parts[i:], "/")})
		}
		out = append(out, pair{name, parts[i]})
	}
	return out
}

// isPreflight says that a browser asks whether it may send the real request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}
