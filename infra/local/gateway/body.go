package gateway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

var (
	errTooLarge = errors.New("body over the limit")
	errTooSlow  = errors.New("body too slow")
)

// readBody reads a body of at most limit bytes, within Options.BodyTimeout.
func (g *Gateway) readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	if r.ContentLength == 0 {
		return nil, nil
	}
	deadline := http.NewResponseController(w)
	// Without deadlines (a test's recorder) a body is in memory already.
	if err := deadline.SetReadDeadline(time.Now().Add(g.opt.BodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errTooSlow
	case err != nil:
		return nil, err
	}
	if err := deadline.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	return body, nil
}

// refuseBody answers a body that could not be read. The connection cannot be used again: the rest of the body
// is still on its way.
func refuseBody(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	switch {
	case errors.Is(err, errTooLarge):
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case errors.Is(err, errTooSlow):
		message(w, http.StatusRequestTimeout, "Request Timeout")
	default:
		message(w, http.StatusBadRequest, "Bad Request")
	}
}

// headerBytes is the size of the request line and headers as they came, as far as Go keeps them.
func headerBytes(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Proto) + 4 + len("Host: \r\n") + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

// message is an error of the HTTP API itself.
func message(w http.ResponseWriter, status int, text string) {
	writeMessage(w, status, `{"message":"`+text+`"}`)
}

// urlMessage is an error of a function URL, which spells its key in upper case.
func urlMessage(w http.ResponseWriter, status int, text string) {
	writeMessage(w, status, `{"Message":"`+text+`"}`)
}

func writeMessage(w http.ResponseWriter, status int, body string) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may be gone
}
