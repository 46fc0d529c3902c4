// Package cardcom speaks Cardcom's v11 JSON API. Every fact it rests on is in docs/providers/cardcom.md.
package cardcom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"fitkit/shared/config"
	"fitkit/shared/crash"
	"fitkit/shared/run"
)

// Client is Cardcom at one base URL.
type Client struct {
	base string
	http *http.Client
}

const (
	connectTimeout = 5 * time.Second
	maxAnswer      = 1 << 20
	keptIdle       = 10 // as many as calls that are made side by side: charges of a batch
)

// publicTestTerminal is shared by everybody who tries Cardcom out; its charges do not debit (Cardcom's support, 360002688814).
const publicTestTerminal = 1000

// MovesMoney implements payment.Provider. Only a sandbox answers without TLS; what is behind an address with TLS may be Cardcom,
// under whatever name.
func (c *Client) MovesMoney(terminal int) bool {
	return !c.sandbox() && terminal != publicTestTerminal
}

// Shared implements payment.Provider. A sandbox's terminals are the studio's own, under whatever number.
func (c *Client) Shared(terminal int) bool {
	return !c.sandbox() && terminal == publicTestTerminal
}

func (c *Client) sandbox() bool {
	u, err := url.Parse(c.base)
	return err == nil && u.Scheme == "http"
}

// New is a client whose calls take at most timeout. It follows no redirects, and never sends a request twice: HTTP/2 is left out,
// where net/http repeats a POST whose connection broke a rule of the protocol, even after it was worked on.
func New(base string, timeout time.Duration) *Client {
	transport := &http.Transport{DialContext: dialer(&net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second}),
		TLSHandshakeTimeout: connectTimeout, MaxIdleConnsPerHost: keptIdle, IdleConnTimeout: 20 * time.Second}
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// From is the function's client.
func From(app *run.App) *Client {
	return run.Once(app, "cardcom", func() *Client {
		c := run.Section[config.Cardcom](app)
		return New(c.URL, time.Duration(c.TimeoutSeconds)*time.Second)
	})
}

// What a call can come to without an answer.
var (
	// errNothingSent: the provider cannot have seen the request.
	errNothingSent = errors.New("cardcom: the request was never sent")
	// errNoAnswer: it was or may have been sent, and no readable answer came.
	errNoAnswer = errors.New("cardcom: no readable answer")
	errEndless  = errors.New("cardcom: the list of transactions does not end")
	// errRefusedUnread: refused before processing (429).
	errRefusedUnread = errors.New("cardcom: refused before processing")
)

// call posts in to path and reads the answer into out. The texts of its errors hold nothing of either.
func (c *Client) call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return errNothingSent
	}
	// With a connection in hand the request may leave at any moment, in a goroutine that a time-out does not wait for:
	// from then on nobody can say that it was not sent.
	sent := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { sent = true; crash.At("socket open") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { crash.At("request written") },
		GotFirstResponseByte: func() { crash.At("answer headers in") },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v11/"+path, bytes.NewReader(body))
	if err != nil {
		return errNothingSent
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		if !sent {
			return errNothingSent
		}
		return errNoAnswer
	}
	defer resp.Body.Close()
	return read(resp, out)
}

func read(resp *http.Response, out any) error {
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return errNoAnswer
	}
	crash.At("answer body in")
	switch resp.StatusCode {
	case http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized:
	case http.StatusTooManyRequests:
		return errRefusedUnread
	default:
		return errNoAnswer
	}
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	if dec.Decode(out) != nil {
		return errNoAnswer
	}
	return nil
}
