package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Client calls FitKit's API as one person.
type Client struct {
	API   string
	Token func(context.Context) (string, error) // of a session; asked before each request
	Org   string                                // the FitKit-Org header, for members; empty for staff
}

// Problem is FitKit's refusal of a request (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Title  string `json:"title"`
	Hebrew string `json:"title_he"`
	Call   string `json:"-"` // POST /v1/plans

	RetryAfter time.Duration `json:"-"` // what the answer asks to wait; 0 when it does not
}

// Error says what was refused and why.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s was answered %d %s: %s", p.Call, p.Status, p.Code, p.Title)
}

var httpClient = &http.Client{Timeout: time.Minute}

// Do sends a request with in as its JSON body and reads the answer into out; both may be nil. key is the
// Idempotency-Key of a write, empty for a read. A refusal is a *Problem; one for having asked too often is obeyed, once.
func (c *Client) Do(ctx context.Context, method, path, key string, in, out any) error {
	err := c.once(ctx, method, path, key, in, out)
	var p *Problem
	if !errors.As(err, &p) || p.Status != http.StatusTooManyRequests || p.RetryAfter == 0 {
		return err
	}
	select {
	case <-time.After(p.RetryAfter):
		return c.once(ctx, method, path, key, in, out)
	case <-ctx.Done():
		return err
	}
}

func (c *Client) once(ctx context.Context, method, path, key string, in, out any) error {
	token, err := c.Token(ctx)
	if err != nil {
		return err
	}
	h := http.Header{"Authorization": {"Bearer " + token}}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	if c.Org != "" {
		h.Set("FitKit-Org", c.Org)
	}
	status, headers, body, err := send(ctx, method, c.API+path, h, in)
	if err != nil {
		return err
	}
	if status >= 300 {
		p := &Problem{}
		_ = json.Unmarshal(body, p) // the gateway's own refusals are no problem documents; the status says enough
		p.Status, p.Call = status, method+" "+path
		if seconds, err := strconv.Atoi(headers.Get("Retry-After")); err == nil {
			p.RetryAfter = time.Duration(seconds) * time.Second
		}
		return p
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s %s answered what is not expected: %w", method, path, err)
	}
	return nil
}

func send(ctx context.Context, method, url string, h http.Header, in any) (status int, headers http.Header, body []byte, err error) {
	var payload io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return 0, nil, nil, err
		}
		payload = bytes.NewReader(raw)
		h.Set("Content-Type", "application/json")
	}
	req, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header = h
	res, err := httpClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, res.Header, body, err
}
