package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"fitkit/infra/local/host"
)

// Streamer is an Invoker whose functions can stream; host.Host is one.
type Streamer interface {
	InvokeStream(ctx context.Context, function string, payload []byte, to host.Stream) (r host.Result, streamed bool, err error)
}

const (
	// preludeType says that status, headers and cookies come first, as JSON, and then eight NULs.
	preludeType = "application/vnd.awslambda.http-integration-response"
	maxPrelude  = 64 << 10
)

var preludeEnd = make([]byte, 8)

// streamed writes a function's answer to the browser as it comes.
type streamed struct {
	w       http.ResponseWriter
	ownCORS bool
	prelude []byte // what came of it so far
	headed  bool   // the status is out; the rest is body
}

// Begin learns whether a prelude comes. Without one the answer is bytes under status 200.
func (s *streamed) Begin(contentType string) {
	if contentType != preludeType {
		s.head(response{StatusCode: new(http.StatusOK)})
	}
}

// Write takes the prelude apart and flushes each piece of the body.
func (s *streamed) Write(p []byte) (int, error) {
	body := p
	if !s.headed {
		s.prelude = append(s.prelude, p...)
		head, rest, ok := bytes.Cut(s.prelude, preludeEnd)
		if !ok && len(s.prelude) <= maxPrelude {
			return len(p), nil
		}
		var r response
		if json.Unmarshal(head, &r) != nil || r.StatusCode == nil || *r.StatusCode < 200 || *r.StatusCode > 599 {
			return 0, errBadResponse
		}
		s.head(r)
		body = rest
	}
	if _, err := s.w.Write(body); err != nil {
		return 0, err
	}
	return len(p), http.NewResponseController(s.w).Flush()
}

func (s *streamed) head(r response) {
	s.headed = true
	h := s.w.Header()
	h["content-type"] = []string{"application/octet-stream"}
	for name, value := range r.Headers {
		setHeader(h, strings.ToLower(name), string(value), s.ownCORS)
	}
	if len(r.Cookies) > 0 {
		h["set-cookie"] = r.Cookies
	}
	s.w.WriteHeader(*r.StatusCode)
}

// serveStream answers for a function URL in the mode RESPONSE_STREAM. A stream that breaks off after its head can only be
// cut, which the browser sees; before, it is 502.
func (g *Gateway) serveStream(w http.ResponseWriter, r *http.Request, name string, payload []byte, ownCORS bool, from Streamer) {
	s := &streamed{w: w, ownCORS: ownCORS}
	result, began, err := from.InvokeStream(r.Context(), name, payload, s)
	failed := err != nil || result.FunctionError != ""
	switch {
	case s.headed && failed:
		panic(http.ErrAbortHandler)
	case s.headed:
	case failed || began || writeResult(w, result.Payload, ownCORS) != nil:
		urlMessage(w, http.StatusBadGateway, "Internal Server Error")
	}
}
