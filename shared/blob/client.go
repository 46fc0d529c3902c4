package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"fitkit/shared/clock"
	"fitkit/shared/retry/awsretry"
)

// maxRefusal is how much of a refusal is read, in bytes.
const maxRefusal = 16 << 10

// client asks for one object at a time by S3's protocol, with the SDK's signature, retries and errors. The SDK's own S3 client makes
// tables of every region when the program starts (docs/decisions/010-what-a-start-pays-for.md).
type client struct {
	Config
	signer *v4.Signer
	calls  awsretry.Calls
}

func (c Config) client() *client {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &client{Config: c, calls: awsretry.NewCalls(), signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
}

// object is a request for one object, unsigned. The SDK's escaping of paths is the one that stores sign by.
func (c *client) object(ctx context.Context, method string, key Key, query url.Values, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL.Path = strings.TrimSuffix(req.URL.Path, "/") + "/" + c.Bucket + "/" + string(key)
	req.URL.RawPath = httpbinding.EscapePath(req.URL.Path, false)
	req.URL.RawQuery = query.Encode()
	return req, nil
}

// do asks until it is answered with success. The caller closes the answer's body.
func (c *client) do(ctx context.Context, method string, key Key, header map[string]string, body []byte) (res *http.Response, err error) {
	sum := sha256.Sum256(body)
	err = c.calls.Do(ctx, func(ctx context.Context) error {
		req, err := c.object(ctx, method, key, nil, body)
		if err != nil {
			return err
		}
		for name, value := range header {
			req.Header.Set(name, value)
		}
		req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		if err := c.signer.SignHTTP(ctx, c.Keys, req, hex.EncodeToString(sum[:]), "s3", c.Region, clock.Real()); err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", "identity") // not signed, for proxies change it; without it Go would unpack what was stored packed
		if res, err = c.HTTP.Do(req); err != nil {    //nolint:bodyclose // refused and the caller close it
			return awsretry.Unanswered(ctx, err)
		}
		if res.StatusCode >= http.StatusOK && res.StatusCode < http.StatusMultipleChoices {
			return nil
		}
		return refused(res)
	})
	return res, err
}

// told is an answer without its body.
type told struct {
	status int
	length int64
	header http.Header
}

// ask is do for whoever wants no body.
func (c *client) ask(ctx context.Context, method string, key Key, header map[string]string, body []byte) (told, error) {
	res, err := c.do(ctx, method, key, header, body)
	if err != nil {
		return told{}, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxRefusal)) // so that the connection is used again
	return told{res.StatusCode, res.ContentLength, res.Header}, err
}

// presign is the request's URL, good for so long, and the headers that go with it.
func (c *client) presign(ctx context.Context, req *http.Request, good time.Duration) (string, http.Header, error) {
	query := req.URL.Query()
	query.Set("X-Amz-Expires", strconv.Itoa(int(good.Seconds())))
	req.URL.RawQuery = query.Encode()
	return c.signer.PresignHTTP(ctx, c.Keys, req, "UNSIGNED-PAYLOAD", "s3", c.Region, clock.Real())
}

// refused is why the store did not, as the SDK would tell it.
func refused(res *http.Response) error {
	defer res.Body.Close()
	var why struct{ Code, Message string }
	_ = xml.NewDecoder(io.LimitReader(res.Body, maxRefusal)).Decode(&why) // a proxy's page and a HEAD's answer have no code
	return awsretry.Answered(res, why.Code, why.Message)
}
