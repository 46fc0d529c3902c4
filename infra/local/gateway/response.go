package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var errBadResponse = errors.New("the function's answer is not one of the HTTP API's forms")

// response is a function's answer in payload 2.0. Body is kept raw: anything but a string is refused.
type response struct {
	StatusCode      *int              `json:"statusCode"`
	Headers         map[string]scalar `json:"headers"`
	Cookies         []string          `json:"cookies"`
	Body            json.RawMessage   `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// scalar is a header's value: a string, or a number or boolean as it is written.
type scalar string

// UnmarshalJSON refuses lists and objects.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(s))
	}
	if raw[0] == '{' || raw[0] == '[' {
		return errBadResponse
	}
	*s = scalar(raw)
	return nil
}

// remapped headers are the connection's own; the function's are kept under another name.
var remapped = []string{"connection", "keep-alive", "transfer-encoding", "upgrade", "www-authenticate"}

// writeResult turns a function's answer into the HTTP response. Nothing is written when it reports an error.
// ownCORS says that the front door has set the CORS headers, so the function's are dropped.
func writeResult(w http.ResponseWriter, payload []byte, ownCORS bool) error {
	if !json.Valid(payload) {
		return errBadResponse
	}
	var r response
	if trimmed := bytes.TrimLeft(payload, " \t\r\n"); trimmed[0] == '{' {
		if err := json.Unmarshal(payload, &r); err != nil {
			return errors.Join(errBadResponse, err)
		}
	}
	if r.StatusCode == nil {
		write(w, http.StatusOK, "application/json", payload)
		return nil
	}
	body, err := r.body()
	if err != nil || *r.StatusCode < 200 || *r.StatusCode > 599 {
		return errors.Join(errBadResponse, err)
	}
	kind := "text/plain;charset=UTF-8"
	for name, value := range r.Headers {
		name = strings.ToLower(name)
		if name == "content-type" {
			kind = string(value)
			continue
		}
		setHeader(w.Header(), name, string(value), ownCORS)
	}
	if len(r.Cookies) > 0 {
		w.Header()["set-cookie"] = r.Cookies
	}
	write(w, *r.StatusCode, kind, body)
	return nil
}

func setHeader(h http.Header, name, value string, ownCORS bool) {
	switch {
	case name == "content-length", name == "date", ownCORS && strings.HasPrefix(name, "access-control-"):
	case slices.Contains(remapped, name):
		h["x-amzn-remapped-"+name] = []string{value}
	case name == "vary":
		h["vary"] = append(h["vary"], value)
	default:
		h[name] = []string{value}
	}
}

// write sends the answer; Content-Length is always our own.
func write(w http.ResponseWriter, status int, kind string, body []byte) {
	h := w.Header()
	// The nil entry keeps net/http from guessing a type; names go out in lower case.
	h["Content-Type"] = nil
	if len(body) > 0 || kind != "text/plain;charset=UTF-8" {
		h["content-type"] = []string{kind}
	}
	if status != http.StatusNoContent && status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

func (r *response) body() ([]byte, error) {
	if len(r.Body) == 0 || string(r.Body) == "null" {
		return nil, nil
	}
	var text string
	if err := json.Unmarshal(r.Body, &text); err != nil {
		return nil, err
	}
	if r.IsBase64Encoded {
		return base64.StdEncoding.DecodeString(text)
	}
	return []byte(text), nil
}
