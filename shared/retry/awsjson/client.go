// Package awsjson asks a service of AWS by its JSON protocol, with the SDK's signature, retries and errors. The SDK's own clients make tables
// of every region when the program starts, and whoever links one pays for that (docs/decisions/010-what-a-start-pays-for.md).
package awsjson

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fitkit/shared/clock"
	"fitkit/shared/retry/awsretry"
)

// Config is which service, and as whom.
type Config struct {
	Address, Region string // of the service's server; the region is also the signature's
	Service         string // in the signature: "sqs"
	Target          string // of an action, in front of its name: "AmazonSQS"
	Credentials     aws.CredentialsProvider
	Patience        time.Duration // bounds one try of a call
	MaxAnswer       int64         // the longest answer that is read, in bytes
}

// Client asks one service.
type Client struct {
	Config
	http   *http.Client
	signer *v4.Signer
	calls  awsretry.Calls
}

// New is a client; nothing is asked yet.
func New(c Config) *Client {
	return &Client{Config: c, signer: v4.NewSigner(), calls: awsretry.NewCalls(),
		http: &http.Client{Timeout: c.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Call asks for one action. What may pass is tried again.
func (c *Client) Call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.calls.Do(ctx, func(ctx context.Context) error { return c.try(ctx, action, body, out) })
}

// try is one try. The signature covers the body, so the service has taken what was sent or nothing.
func (c *Client) try(ctx context.Context, action string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.Address, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", c.Target+"."+action)
	keys, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), c.Service, c.Region, clock.Real()); err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return awsretry.Unanswered(ctx, err)
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, c.MaxAnswer))
	if err != nil {
		return awsretry.Unanswered(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return refused(res, told)
	}
	return json.Unmarshal(told, out)
}

// refused is an answer that is none, as the SDK would tell it: {"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"…"}.
func refused(res *http.Response, body []byte) error {
	var told struct {
		Type    string `json:"__type"`
		Message string
	}
	_ = json.Unmarshal(body, &told) // a proxy's page has no code
	code, _, _ := strings.Cut(cmp.Or(res.Header.Get("X-Amzn-Errortype"), told.Type), ":")
	return awsretry.Answered(res, code[strings.LastIndexByte(code, '#')+1:], told.Message)
}
