// Package process runs a sandbox as a process of its own: one listener, one line that says where,
// an orderly end on Ctrl-C, and JSON answers.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// headerTimeout cuts a client that never finishes its headers; grace is how long answers that
// are being written may take once the process was told to end.
const (
	headerTimeout = 10 * time.Second
	grace         = 2 * time.Second
)

// Context ends when the process is interrupted or terminated.
func Context() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// Listen opens addr (host:port, port 0 for any free one) and returns the address of its root as
// a URL without a final slash.
func Listen(addr string) (net.Listener, string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, "http://" + l.Addr().String(), nil
}

// Serve prints "listening on <url>" as the first line of out and answers with h until ctx ends.
func Serve(ctx context.Context, out io.Writer, l net.Listener, url string, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout}
	if _, err := fmt.Fprintf(out, "listening on %s\n", url); err != nil {
		return fmt.Errorf("announce address: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stop); errors.Is(err, context.DeadlineExceeded) {
		return srv.Close() // held connections are a sandbox's trade; they do not delay its end
	} else if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// WriteJSON answers with v and status.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		slog.Error("encode answer", "error", err)
		http.Error(w, "the sandbox could not encode its answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		slog.Debug("client left", "error", err)
	}
}

// ReadJSON reads a control request strictly: unknown members are an error, so that a mistyped
// switch does not pass for a switch that was set. An empty body leaves v as it is.
func ReadJSON(r *http.Request, v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("body is not the JSON expected here: %w", err)
	}
	return nil
}
