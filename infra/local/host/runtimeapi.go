package host

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	runtimePath   = "2018-06-01/runtime/"
	extensionPath = "2020-01-01/extension/"
	trailerType   = "Lambda-Runtime-Function-Error-Type"
	trailerBody   = "Lambda-Runtime-Function-Error-Body"
)

var accepted = []byte(`{"status":"OK"}`)

// buffers are reused for reading results; a result that leaves the host is copied out at its exact size.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// serve answers /<function>/<process>/<API path>.
func (h *Host) serve(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	number, path, _ := strings.Cut(rest, "/")
	p := h.process(name, number)
	if p == nil {
		http.Error(w, "unknown process", http.StatusForbidden)
		return
	}
	if action, ok := strings.CutPrefix(path, runtimePath); ok {
		h.serveRuntime(w, r, p, action)
		return
	}
	if action, ok := strings.CutPrefix(path, extensionPath); ok {
		h.serveExtension(w, r, p, action)
		return
	}
	http.NotFound(w, r)
}

func (h *Host) process(name, number string) *process {
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.functions[name]
	if !ok {
		return nil
	}
	return f.procs[n]
}

func (h *Host) serveRuntime(w http.ResponseWriter, r *http.Request, p *process, action string) {
	if action == "invocation/next" && r.Method == http.MethodGet {
		h.next(w, r, p)
		return
	}
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if action == "init/error" {
		// The process ends by itself; what it says stands in its log.
		w.WriteHeader(http.StatusAccepted)
		return
	}
	id, verb, _ := strings.Cut(strings.TrimPrefix(action, "invocation/"), "/")
	switch verb {
	case "response":
		h.response(w, r, p, id)
	case "error":
		h.functionError(w, r, p, id)
	default:
		http.NotFound(w, r)
	}
}

// next blocks until there is an event for p.
func (h *Host) next(w http.ResponseWriter, r *http.Request, p *process) {
	h.ready(p)
	select {
	case inv := <-p.work:
		p.last.Store(&inv.id)
		head := w.Header()
		head["Lambda-Runtime-Aws-Request-Id"] = []string{inv.id}
		head["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(inv.deadline.UnixMilli(), 10)}
		head["Lambda-Runtime-Invoked-Function-Arn"] = []string{inv.function.ARN}
		head["Lambda-Runtime-Trace-Id"] = []string{"Root=1-" + inv.id[:8] + "-" + strings.ReplaceAll(inv.id[9:], "-", "")[:24] + ";Sampled=0"}
		head["Content-Type"] = []string{"application/json"}
		head["Content-Length"] = []string{strconv.Itoa(len(inv.payload))}
		_, _ = w.Write(inv.payload) // a process that is gone by now is reaped, which fails the invocation
	case <-r.Context().Done():
	}
}

// response takes a result. Over 6 MB the function gets 413 and the caller an error.
func (h *Host) response(w http.ResponseWriter, r *http.Request, p *process, id string) {
	if h.stream(w, r, p, id) {
		return
	}
	payload, err := readLimited(r)
	result := Result{Payload: payload}
	status := http.StatusAccepted
	switch {
	case errors.Is(err, ErrPayloadTooLarge):
		status = http.StatusRequestEntityTooLarge
		result = errorResult("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291456 bytes).", false)
	case err != nil:
		return // the process died while it was answering
	case r.Trailer.Get(trailerType) != "":
		result = trailerResult(r.Trailer)
	}
	h.accept(w, p, id, result, status)
}

// trailerResult is the error of a function that failed in the middle of a streamed answer.
func trailerResult(trailer http.Header) Result {
	body, err := base64.StdEncoding.DecodeString(trailer.Get(trailerBody))
	if err != nil || len(body) == 0 {
		return errorResult(trailer.Get(trailerType), "the response stream broke off", false)
	}
	return Result{Payload: body, FunctionError: "Unhandled"}
}

func (h *Host) functionError(w http.ResponseWriter, r *http.Request, p *process, id string) {
	payload, err := readLimited(r)
	if errors.Is(err, ErrPayloadTooLarge) {
		payload = []byte(`{"errorMessage":"error document over 6 MB","errorType":"Function.ResponseSizeTooLarge"}`)
	} else if err != nil {
		return
	}
	h.accept(w, p, id, Result{Payload: payload, FunctionError: "Unhandled"}, http.StatusAccepted)
}

func (h *Host) accept(w http.ResponseWriter, p *process, id string, result Result, status int) {
	if !h.finish(p, id, result) {
		http.Error(w, `{"errorMessage":"no such invocation","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(accepted)
}

func readLimited(r *http.Request) ([]byte, error) {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	n, err := buf.ReadFrom(io.LimitReader(r.Body, MaxPayload+1))
	if err != nil {
		return nil, err
	}
	if n > MaxPayload {
		// Reading on lets the function see the 413 rather than a broken connection.
		_, err := io.Copy(io.Discard, r.Body)
		return nil, errors.Join(ErrPayloadTooLarge, err)
	}
	return bytes.Clone(buf.Bytes()), nil
}

// serveExtension satisfies lambda.WithEnableSIGTERM, which registers an extension that never gets an event.
func (h *Host) serveExtension(w http.ResponseWriter, r *http.Request, p *process, action string) {
	switch action {
	case "register":
		w.Header().Set("Lambda-Extension-Identifier", p.function.Name+"-"+strconv.FormatUint(p.number, 10))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"functionName":` + strconv.Quote(p.function.LambdaName) + `,"functionVersion":"$LATEST","handler":"bootstrap"}`))
	case "event/next":
		<-r.Context().Done()
	default:
		http.NotFound(w, r)
	}
}
