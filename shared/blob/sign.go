package blob

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"fitkit/shared/fail"
)

// How long a presigned URL is good for. Nobody can take one back, so it is short.
const (
	UploadFor   = 10 * time.Minute
	DownloadFor = 5 * time.Minute
)

// Upload is what exactly may be stored: nothing longer, shorter, of another type or with other bytes.
type Upload struct {
	ContentType string
	Length      int64 // bytes
	SHA256      Sum
}

// Signed is a request that a browser may send once, or again until Expires.
type Signed struct {
	Method  string
	URL     string
	Headers map[string]string // to be sent exactly so: they are part of the signature
	Expires time.Time
}

// SignPut allows one upload to a key that is still free.
func (s *Store) SignPut(ctx context.Context, key Key, u Upload) (Signed, error) {
	req, err := s.bucket.prepare(ctx, Request{Method: http.MethodPut, Key: string(key),
		Header: map[string]string{"Content-Type": u.ContentType, "If-None-Match": "*", "X-Amz-Checksum-Sha256": u.SHA256.Header()}})
	if err != nil {
		return Signed{}, fail.Wrap(err, "presign an upload")
	}
	req.ContentLength = u.Length
	return s.sign(ctx, req, UploadFor, "presign an upload")
}

// SignGet allows one download, which the browser saves under name and never shows as a page.
func (s *Store) SignGet(ctx context.Context, key Key, name string) (Signed, error) {
	req, err := s.bucket.prepare(ctx, Request{Method: http.MethodGet, Key: string(key),
		Query: url.Values{"response-content-disposition": {attachment(name)}, "response-cache-control": {"private, no-store"}}})
	if err != nil {
		return Signed{}, fail.Wrap(err, "presign a download")
	}
	return s.sign(ctx, req, DownloadFor, "presign a download")
}

func (s *Store) sign(ctx context.Context, req *http.Request, good time.Duration, doing string) (Signed, error) {
	expires := s.now().Add(good)
	address, headers, err := s.bucket.presign(ctx, req, good)
	if err != nil {
		return Signed{}, fail.Wrap(err, "%s", doing)
	}
	return signed(req.Method, address, headers, expires), nil
}

// signed leaves Host and Content-Length out of the headers: browsers set both themselves, and let nobody else.
func signed(method, address string, headers http.Header, expires time.Time) Signed {
	out := Signed{Method: method, URL: address, Headers: map[string]string{}, Expires: expires.UTC().Truncate(time.Second)}
	for name, values := range headers {
		switch name = strings.ToLower(name); name {
		case "host", "content-length":
		default:
			out.Headers[name] = strings.Join(values, ",")
		}
	}
	return out
}

// attachment is the disposition for a name of any script (RFC 6266): plain letters for old programs, all of it for others.
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\/;%`, r) {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf("%s; filename*=UTF-8''%s", mime.FormatMediaType("attachment", map[string]string{"filename": plain}),
		strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}
