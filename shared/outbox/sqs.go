package outbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fitkit/shared/clock"
	"fitkit/shared/retry/awsretry"
)

const (
	// patience bounds one try of a call: SQS answers within milliseconds, or something is wrong and the relay sends later.
	patience = 2 * time.Second
	// maxAnswer is the longest answer that is read, in bytes: that to ten messages has four kB.
	maxAnswer = 64 << 10
)

// client asks SQS by its JSON protocol, with the SDK's signature, retries and errors. The SDK's own SQS client makes tables of
// every region when the program starts, and all senders would pay for that (docs/decisions/010-what-a-start-pays-for.md).
type client struct {
	address, region string
	credentials     aws.CredentialsProvider
	http            *http.Client
	signer          *v4.Signer
	calls           awsretry.Calls
}

// newClient asks the server that the queues' URLs name, unless there is a local one.
func newClient(c Config) *client {
	address := c.Endpoint
	if u, err := url.Parse(c.URLPrefix); err == nil && address == "" {
		address = u.Scheme + "://" + u.Host
	}
	return &client{address: address, region: c.Region, credentials: c.Credentials, signer: v4.NewSigner(),
		http:  &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		calls: awsretry.NewCalls()}
}

// call asks for one action. What may pass is tried again.
func (c *client) call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.calls.Do(ctx, func(ctx context.Context) error { return c.try(ctx, action, body, out) })
}

// try is one try. The signature covers the body, so SQS has taken what was sent or nothing.
func (c *client) try(ctx context.Context, action string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.address, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	keys, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "sqs", c.region, clock.Real()); err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return awsretry.Unanswered(ctx, err)
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
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
	code = code[strings.LastIndexByte(code, '#')+1:]
	return awsretry.Answered(res, code, told.Message)
}
