package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// A runtime says that it streams by the mode header. Go's (aws-lambda-go 1.55) sends none and is known by the content type.
const (
	modeHeader = "Lambda-Runtime-Function-Response-Mode"
	streaming  = "streaming"
	httpType   = "application/vnd.awslambda.http-integration-response"
)

// Stream takes an answer while the function is still writing it. Its methods are called by one goroutine at a time, and by
// none once InvokeStream has returned.
type Stream interface {
	Begin(contentType string) // of the Runtime API's request, which says whether a prelude comes first
	io.Writer
}

// sink guards a Stream against what arrives after its caller has gone.
type sink struct {
	mu     sync.Mutex
	to     Stream
	begun  bool
	closed bool
}

var errGone = errors.New("the caller of the stream has gone")

func (s *sink) begin(contentType string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.begun = true
		s.to.Begin(contentType)
	}
}

// Write passes on what the function wrote.
func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, errGone
	}
	return s.to.Write(p)
}

// close answers whether anything was streamed.
func (s *sink) close() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.begun
}

// InvokeStream is Invoke for a function that may stream. What it streams goes to the stream as it comes, without limit of
// size, and the result has no payload then; streamed says so. A stream that broke off is a Result with FunctionError.
func (h *Host) InvokeStream(ctx context.Context, name string, payload []byte, to Stream) (r Result, streamed bool, err error) {
	s := &sink{to: to}
	r, err = h.invoke(ctx, name, payload, s)
	return r, s.close(), err
}

// stream passes the answer on and reports whether it was one to be streamed.
func (h *Host) stream(w http.ResponseWriter, r *http.Request, p *process, id string) bool {
	inv := p.current.Load()
	streams := r.Header.Get(modeHeader) == streaming || r.Header.Get("Content-Type") == httpType
	if !streams || inv == nil || inv.id != id || inv.stream == nil {
		return false
	}
	inv.stream.begin(r.Header.Get("Content-Type"))
	if _, err := io.Copy(inv.stream, r.Body); errors.Is(err, errGone) {
		_, _ = io.Copy(io.Discard, r.Body) // the function writes to its end, as on Lambda
	} else if err != nil {
		return true // the process died, or its time was over; either has answered the invocation
	}
	result := Result{}
	if r.Trailer.Get(trailerType) != "" {
		result = trailerResult(r.Trailer)
	}
	h.accept(w, p, id, result, http.StatusAccepted)
	return true
}
