package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// result is the two fields every business answer begins with.
type result struct {
	ResponseCode int    `json:"ResponseCode"`
	Description  string `json:"Description"`
}

// reply is an answer and the way it is sent.
type reply struct {
	status int
	body   any
	act    act
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

func refuse(code int, format string, args ...any) reply {
	return ok(result{code, fmt.Sprintf(format, args...)})
}

func invalid(err error) reply {
	return reply{status: http.StatusBadRequest, body: result{codeInvalid, "Invalid request: " + err.Error()}}
}

func unauthorized() reply {
	return reply{status: http.StatusUnauthorized, body: result{codeUnauthorized, "Wrong terminal, ApiName or ApiPassword"}}
}

func failure(err error) reply {
	slog.Error("sandbox failed", "error", err)
	return reply{status: http.StatusInternalServerError, body: map[string]string{"Message": "An error has occurred."}}
}

// send writes a reply, in the way its act says.
func (s *server) send(w http.ResponseWriter, r *http.Request, a reply) {
	switch a.act {
	case timeoutBefore, timeoutAfter:
		s.hold(w, r)
	case cutAfter:
		sendHalf(w, a.body)
	case htmlAfter:
		sendHTML(w, http.StatusOK, "<h1>Service is being updated</h1>")
	case gatewayAfter:
		sendHTML(w, http.StatusGatewayTimeout, "<h1>504 Gateway Time-out</h1>")
	case noCodeAfter:
		process.WriteJSON(w, http.StatusOK, map[string]string{"Message": "An error has occurred."})
	case throttle:
		w.Header().Set("Retry-After", "1")
		process.WriteJSON(w, http.StatusTooManyRequests, map[string]string{"Message": "Too many requests"})
	default:
		process.WriteJSON(w, a.status, a.body)
	}
}

// hold keeps the client waiting until it leaves or the hang time is over; then the connection is
// cut without an answer.
func (s *server) hold(w http.ResponseWriter, r *http.Request) {
	wait := time.NewTimer(s.hang)
	defer wait.Stop()
	select {
	case <-r.Context().Done():
	case <-wait.C:
	}
	drop(w, nil)
}

// sendHalf promises the whole JSON, sends half of it and resets the connection.
func sendHalf(w http.ResponseWriter, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		slog.Error("encode answer", "error", err)
		return
	}
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n", len(text))
	drop(w, append([]byte(head), text[:len(text)/2]...))
}

// drop writes raw bytes to the connection and resets it, as a gateway that dies does.
func drop(w http.ResponseWriter, raw []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		slog.Error("take over connection", "error", err)
		return
	}
	if _, err := conn.Write(raw); err != nil {
		slog.Debug("client left", "error", err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetLinger(0); err != nil {
			slog.Debug("set linger", "error", err)
		}
	}
	if err := conn.Close(); err != nil {
		slog.Debug("close connection", "error", err)
	}
}

func sendHTML(w http.ResponseWriter, status int, content string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := fmt.Fprintf(w, "<!doctype html><title>Cardcom</title>%s", content); err != nil {
		slog.Debug("client left", "error", err)
	}
}
