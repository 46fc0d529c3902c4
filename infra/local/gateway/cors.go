package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fitkit/infra/local/template"
)

// cors answers browsers of other origins. An origin is allowed when it equals an entry byte for byte. A nil
// cors sets nothing and lets the function's own headers through.
type cors struct {
	template.CORS
	methods, headers, expose, age string
}

// newCORS refuses an allow-list with an entry that can match nothing or too much.
func newCORS(c *template.CORS) (*cors, error) {
	if c == nil {
		return nil, nil
	}
	for _, origin := range c.AllowOrigins {
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
	}
	return &cors{
		CORS: *c, methods: strings.Join(c.AllowMethods, ","), headers: strings.Join(c.AllowHeaders, ","),
		expose: strings.Join(c.ExposeHeaders, ","), age: strconv.Itoa(int(c.MaxAge.Seconds())),
	}, nil
}

// checkOrigin accepts scheme://host[:port] alone, spelled as browsers send it.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || origin != strings.ToLower(u.Scheme+"://"+u.Host) || strings.Contains(origin, "*") {
		return fmt.Errorf("ALLOWED_ORIGINS: %q is not an origin like https://app.example.com (no wildcard, path or slash at the end)", origin)
	}
	return nil
}

// apply sets the CORS headers of an answer; a refused origin gets none.
func (c *cors) apply(h http.Header, r *http.Request) {
	if c == nil {
		return
	}
	h["vary"] = []string{"Origin"}
	origins := r.Header["Origin"]
	if len(origins) != 1 || !slices.Contains(c.AllowOrigins, origins[0]) {
		return
	}
	h["access-control-allow-origin"] = []string{origins[0]}
	if c.AllowCredentials {
		h["access-control-allow-credentials"] = []string{"true"}
	}
	if c.expose != "" {
		h["access-control-expose-headers"] = []string{c.expose}
	}
}

// preflight answers a preflight itself, without a function.
func (c *cors) preflight(w http.ResponseWriter, r *http.Request) bool {
	if c == nil || !isPreflight(r) {
		return false
	}
	h := w.Header()
	if h["access-control-allow-origin"] != nil {
		h["access-control-allow-methods"] = []string{c.methods}
		h["access-control-allow-headers"] = []string{c.headers}
		h["access-control-max-age"] = []string{c.age}
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}
