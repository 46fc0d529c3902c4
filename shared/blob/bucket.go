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
	"fitkit/shared/fail"
	"fitkit/shared/retry/awsretry"
)

// maxAnswer is how much is read of an answer that is no file, in bytes.
const maxAnswer = 16 << 10

// Bucket asks a bucket for one object, or for a setting of itself, at a time by S3's protocol, with the SDK's signature, retries and
// errors. The SDK's own S3 client makes tables of every region when the program starts (docs/decisions/010-what-a-start-pays-for.md).
type Bucket struct {
	Config
	signer *v4.Signer
	calls  awsretry.Calls
}

// NewBucket is the bucket of c.
func NewBucket(c Config) *Bucket {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Bucket{Config: c, calls: awsretry.NewCalls(), signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
}

// Request is one of S3's.
type Request struct {
	Method string
	Key    string // "": the bucket itself
	Query  url.Values
	Header map[string]string
	Body   []byte
}

// prepare is the request, unsigned. The SDK's escaping of paths is the one that stores sign by.
func (b *Bucket) prepare(ctx context.Context, r Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, b.Endpoint, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.URL.Path = strings.TrimSuffix(req.URL.Path, "/") + "/" + b.Config.Bucket
	if r.Key != "" {
		req.URL.Path += "/" + r.Key
	}
	req.URL.RawPath = httpbinding.EscapePath(req.URL.Path, false)
	req.URL.RawQuery = r.Query.Encode()
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	return req, nil
}

// Do asks until it is answered with success. The caller closes the answer's body, and makes the errors Known.
func (b *Bucket) Do(ctx context.Context, r Request) (res *http.Response, err error) {
	sum := sha256.Sum256(r.Body)
	err = b.calls.Do(ctx, func(ctx context.Context) error {
		req, err := b.prepare(ctx, r)
		if err != nil {
			return err
		}
		req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		if err := b.signer.SignHTTP(ctx, b.Keys, req, hex.EncodeToString(sum[:]), "s3", b.Region, clock.Real()); err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", "identity") // not signed, for proxies change it; without it Go would unpack what was stored packed
		if res, err = b.HTTP.Do(req); err != nil {    //nolint:bodyclose // refused and the caller close it
			return awsretry.Unanswered(ctx, err)
		}
		if res.StatusCode >= http.StatusOK && res.StatusCode < http.StatusMultipleChoices {
			return nil
		}
		return refused(res)
	})
	return res, err
}

// Answer is what is said to a request that fetches no file.
type Answer struct {
	Status int
	Length int64 // of the file, also where it is not sent
	Header http.Header
	Body   []byte
}

// Ask is Do for whoever wants no file.
func (b *Bucket) Ask(ctx context.Context, r Request) (Answer, error) {
	res, err := b.Do(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return Answer{res.StatusCode, res.ContentLength, res.Header, body}, err
}

// Answers asks for the bucket's first name: nil when a store with this bucket, and with leave for these keys, says it. R2 has no
// smaller question that keys for objects may ask.
func (b *Bucket) Answers(ctx context.Context) error {
	res, err := b.Ask(ctx, Request{Method: http.MethodGet, Query: url.Values{"list-type": {"2"}, "max-keys": {"1"}}})
	if err != nil {
		return Known(err, "list one object")
	}
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal(res.Body, &root); err != nil || root.XMLName.Local != "ListBucketResult" {
		return fail.Wrap(unavailable(errNotAStore), "list one object")
	}
	return nil
}

// presign is the request's URL, good for so long, and the headers that go with it.
func (b *Bucket) presign(ctx context.Context, req *http.Request, good time.Duration) (string, http.Header, error) {
	query := req.URL.Query()
	query.Set("X-Amz-Expires", strconv.Itoa(int(good.Seconds())))
	req.URL.RawQuery = query.Encode()
	return b.signer.PresignHTTP(ctx, b.Keys, req, "UNSIGNED-PAYLOAD", "s3", b.Region, clock.Real())
}

// refused is why the store did not, as the SDK would tell it.
func refused(res *http.Response) error {
	defer res.Body.Close()
	var why struct{ Code, Message string }
	_ = xml.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&why) // a proxy's page and a HEAD's answer have no code
	return awsretry.Answered(res, why.Code, why.Message)
}
