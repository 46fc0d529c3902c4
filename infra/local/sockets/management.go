package sockets

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// mountManagement adds @connections. The id is one escaped segment of the path.
func (a *API) mountManagement() {
	a.mux.HandleFunc("POST "+Path+"/@connections/{id}", a.managed(a.post))
	a.mux.HandleFunc("GET "+Path+"/@connections/{id}", a.managed(a.look))
	a.mux.HandleFunc("DELETE "+Path+"/@connections/{id}", a.managed(a.cut))
}

// managed wants a request that is signed for the service; the keys of a local platform are nobody's, so that there is a
// signature is all that is looked at.
func (a *API) managed(serve func(http.ResponseWriter, *http.Request, *connection)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		signed := r.Header.Get("Authorization")
		if !strings.HasPrefix(signed, "AWS4-HMAC-SHA256 ") || !strings.Contains(signed, "/execute-api/aws4_request") {
			fault(w, http.StatusForbidden, "ForbiddenException")
			return
		}
		c := a.find(r.PathValue("id"))
		if c == nil {
			fault(w, http.StatusGone, "GoneException")
			return
		}
		serve(w, r, c)
	}
}

// fault answers as API Gateway does: the SDK reads the kind from the header.
func fault(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("X-Amzn-ErrorType", kind)
	refuse(w, status, kind)
}

func (a *API) post(w http.ResponseWriter, r *http.Request, c *connection) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	switch {
	case err != nil:
		return // the caller has gone
	case len(body) > maxMessage:
		fault(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException")
	case c.write(r.Context(), body) != nil:
		fault(w, http.StatusGone, "GoneException")
	}
}

func (a *API) look(w http.ResponseWriter, _ *http.Request, c *connection) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // the caller has gone
		"connectedAt": c.connected.UTC().Format(time.RFC3339), "lastActiveAt": time.UnixMilli(c.last.Load()).UTC().Format(time.RFC3339),
		"identity": map[string]string{"sourceIp": c.base.RequestContext.Identity.SourceIP, "userAgent": c.base.RequestContext.Identity.UserAgent},
	})
}

// cut ends the connection; it is gone for the next caller at once.
func (a *API) cut(w http.ResponseWriter, _ *http.Request, c *connection) {
	a.remove(c)
	c.end(websocket.StatusNormalClosure, "Connection Closed Normally")
	w.WriteHeader(http.StatusNoContent)
}
