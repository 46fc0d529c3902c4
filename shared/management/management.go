// Package management writes to the open connections of the WebSocket API and cuts them, through API Gateway's management API.
// It signs its requests by the SDK's signer and sends them by net/http: docs/decisions/013-the-websocket-stack.md.
package management

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fitkit/shared/clock"
)

// ErrGone means that the connection is no more, or is not yet: it begins when its $connect has been answered.
var ErrGone = errors.New("the connection is gone")

// ErrUnavailable means that the management API does not answer, or cannot now: another connection would fare no better.
var ErrUnavailable = errors.New("the management API does not answer as it should")

const (
	service = "execute-api"
	// timeout of one call; a function that answers a message has 10 s in all.
	timeout = 5 * time.Second
	// maxTold is how much of a refusal's body is told in an error, in bytes.
	maxTold = 300
)

// Client speaks for one WebSocket API.
type Client struct {
	base   string // https://{api}.execute-api.{region}.amazonaws.com/{stage}
	region string
	keys   aws.Credentials
	signer *v4.Signer
	http   *http.Client
}

// New is a client for the API whose clients connect to address: ws or wss, with the stage.
func New(address, region string, keys aws.Credentials) *Client {
	return &Client{base: "http" + strings.TrimPrefix(address, "ws"), region: region, keys: keys, signer: v4.NewSigner(),
		http: &http.Client{Timeout: timeout}}
}

// Post sends body, at most 128 kB, to a connection as one text message.
func (c *Client) Post(ctx context.Context, connection string, body []byte) error {
	return c.call(ctx, http.MethodPost, connection, body)
}

// Cut ends a connection.
func (c *Client) Cut(ctx context.Context, connection string) error {
	return c.call(ctx, http.MethodDelete, connection, nil)
}

func (c *Client) call(ctx context.Context, method, connection string, body []byte) error {
	// QueryEscape, since an id may end with "=", which must arrive as %3D.
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/@connections/"+url.QueryEscape(connection), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, c.keys, req, hex.EncodeToString(sum[:]), service, c.region, clock.Real()); err != nil {
		return fmt.Errorf("sign for the management API: %w", err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, maxTold))
	switch {
	case res.StatusCode == http.StatusGone:
		return ErrGone
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s: %s", ErrUnavailable, res.Status, told)
	case res.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("the management API answered %s: %s", res.Status, told)
	}
	return err
}
