package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/id"
)

var photo = []byte("\x89PNG\r\n\x1a\n a member's photo")

func upload(content []byte) blob.Upload {
	return blob.Upload{ContentType: "image/png", Length: int64(len(content)), SHA256: blob.SumOf(content)}
}

// attempt is a presigned request as an attacker may bend it.
type attempt struct {
	method, url, host string
	headers           map[string]string
	body              []byte
}

func as(s blob.Signed, body []byte) attempt {
	headers := map[string]string{}
	for k, v := range s.Headers {
		headers[k] = v
	}
	return attempt{method: s.Method, url: s.URL, headers: headers, body: body}
}

func (a attempt) send(t *testing.T) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), a.method, a.url, bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = a.host
	for k, v := range a.headers {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

// with changes the URL's query or path.
func (a attempt) with(t *testing.T, change func(u *url.URL, q url.Values)) attempt {
	t.Helper()
	u, err := url.Parse(a.url)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	change(u, q)
	u.RawQuery = q.Encode()
	a.url = u.String()
	return a
}

// S11: a presigned upload allows exactly what was signed.
func TestAnUploadURLAllowsThatUploadAndNothingElse(t *testing.T) {
	t.Parallel()
	store := blob.New(blobtest.General(t))
	orgA, orgB := id.New[id.Org](), id.New[id.Org]()
	for name, bend := range map[string]func(t *testing.T, a attempt, key blob.Key) attempt{
		"another method: POST":   func(_ *testing.T, a attempt, _ blob.Key) attempt { a.method = "POST"; return a },
		"another method: GET":    func(_ *testing.T, a attempt, _ blob.Key) attempt { a.method, a.body = "GET", nil; return a },
		"another method: DELETE": func(_ *testing.T, a attempt, _ blob.Key) attempt { a.method, a.body = "DELETE", nil; return a },
		"another key": func(t *testing.T, a attempt, key blob.Key) attempt {
			return a.with(t, func(u *url.URL, _ url.Values) { u.Path += "x" })
		},
		"another studio's prefix": func(t *testing.T, a attempt, _ blob.Key) attempt {
			return a.with(t, func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, orgA.String(), orgB.String(), 1) })
		},
		"another content type":    func(_ *testing.T, a attempt, _ blob.Key) attempt { a.headers["content-type"] = "text/html"; return a },
		"no content type":         func(_ *testing.T, a attempt, _ blob.Key) attempt { delete(a.headers, "content-type"); return a },
		"a longer body":           func(_ *testing.T, a attempt, _ blob.Key) attempt { a.body = append(bytes.Clone(a.body), 'x'); return a },
		"a shorter body":          func(_ *testing.T, a attempt, _ blob.Key) attempt { a.body = a.body[1:]; return a },
		"without If-None-Match":   func(_ *testing.T, a attempt, _ blob.Key) attempt { delete(a.headers, "if-none-match"); return a },
		"another checksum signed": func(_ *testing.T, a attempt, _ blob.Key) attempt { a.headers["x-amz-checksum-sha256"] = "x"; return a },
		"another host":            func(_ *testing.T, a attempt, _ blob.Key) attempt { a.host = "files.evil.example"; return a },
		"a later expiry": func(t *testing.T, a attempt, _ blob.Key) attempt {
			return a.with(t, func(_ *url.URL, q url.Values) { q.Set("X-Amz-Expires", "604800") })
		},
		"an added query field": func(t *testing.T, a attempt, _ blob.Key) attempt {
			return a.with(t, func(_ *url.URL, q url.Values) { q.Set("acl", "") })
		},
		"a listing instead": func(t *testing.T, a attempt, key blob.Key) attempt {
			a.method, a.body = "GET", nil
			return a.with(t, func(u *url.URL, q url.Values) {
				u.Path = strings.TrimSuffix(u.Path, "/"+string(key))
				q.Set("list-type", "2")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := blob.NewKey(orgA, "uploads", id.New[id.Event]())
			signed, err := store.SignPut(t.Context(), key, upload(photo))
			if err != nil {
				t.Fatal(err)
			}
			status, _, body := bend(t, as(signed, photo), key).send(t)
			if status != http.StatusForbidden && status != http.StatusMethodNotAllowed {
				t.Errorf("answered %d, want a refusal: %s", status, body)
			}
			if _, err := store.Head(t.Context(), key); err == nil {
				t.Error("something was stored")
			}
		})
	}
}

func TestOtherBytesOfTheSameLengthAreRefused(t *testing.T) {
	t.Parallel()
	store := blob.New(blobtest.General(t))
	key := blob.NewKey(id.New[id.Org](), "uploads", id.New[id.Event]())
	signed, err := store.SignPut(t.Context(), key, upload(photo))
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(photo)
	forged[len(forged)-1]++
	if status, _, body := as(signed, forged).send(t); status != http.StatusBadRequest {
		t.Errorf("answered %d: %s", status, body)
	}
	if _, err := store.Head(t.Context(), key); err == nil {
		t.Error("something was stored")
	}
}

func TestAnUploadWorksOnceAndNeverOverwrites(t *testing.T) {
	t.Parallel()
	store := blob.New(blobtest.General(t))
	key := blob.NewKey(id.New[id.Org](), "uploads", id.New[id.Event]())
	signed, err := store.SignPut(t.Context(), key, upload(photo))
	if err != nil {
		t.Fatal(err)
	}
	if status, _, body := as(signed, photo).send(t); status != http.StatusOK {
		t.Fatalf("answered %d: %s", status, body)
	}
	if status, _, _ := as(signed, photo).send(t); status != http.StatusPreconditionFailed {
		t.Errorf("a second upload to the same key answered %d, want 412", status)
	}
	got, err := store.Head(t.Context(), key)
	if want := (blob.Info{Size: int64(len(photo)), ContentType: "image/png", SHA256: blob.SumOf(photo)}); err != nil || got != want {
		t.Errorf("stored %+v (%v), want %+v", got, err, want)
	}
}

func TestPresignedURLsEndSoon(t *testing.T) {
	t.Parallel()
	store := blob.New(blobtest.General(t))
	key := blob.NewKey(id.New[id.Org](), "uploads", id.New[id.Event]())
	put, err := store.SignPut(t.Context(), key, upload(photo))
	if err != nil {
		t.Fatal(err)
	}
	get, err := store.SignGet(t.Context(), key, "photo.png")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		signed blob.Signed
		atMost string
		within time.Duration
	}{
		"an upload within ten minutes":   {put, "600", 10 * time.Minute},
		"a download within five minutes": {get, "300", 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(tc.signed.URL)
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Query().Get("X-Amz-Expires"); got != tc.atMost {
				t.Errorf("X-Amz-Expires is %s, want %s", got, tc.atMost)
			}
			signedAt, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
			if err != nil || tc.signed.Expires.After(signedAt.Add(tc.within)) {
				t.Errorf("said to end at %v, signed at %v (%v)", tc.signed.Expires, signedAt, err)
			}
		})
	}
}

// A URL whose time is over opens nothing, whether it would read or write. Red with addresses that were signed just now.
func TestAnEndedURLIsRefused(t *testing.T) {
	t.Parallel()
	c := blobtest.General(t)
	store, org := blob.New(c), id.New[id.Org]()
	for method, tc := range map[string]struct {
		good   time.Duration
		header map[string]string
		body   []byte
	}{
		http.MethodGet: {good: blob.DownloadFor},
		http.MethodPut: {blob.UploadFor, map[string]string{"content-type": "image/png", "if-none-match": "*", "x-amz-checksum-sha256": blob.SumOf(photo).Header()}, photo},
	} {
		t.Run(method, func(t *testing.T) {
			key := blob.NewKey(org, "uploads", id.New[id.Event]())
			req, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("%s/%s/%s?X-Amz-Expires=%d", c.Endpoint, c.Bucket, key, int(tc.good.Seconds())), nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range tc.header {
				req.Header.Set(name, value)
			}
			req.ContentLength = int64(len(tc.body))
			address, _, err := v4.NewSigner().PresignHTTP(context.Background(), aws.Credentials{AccessKeyID: c.Keys.AccessKeyID, SecretAccessKey: c.Keys.SecretAccessKey},
				req, "UNSIGNED-PAYLOAD", "s3", c.Region, time.Now().Add(-tc.good-time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			status, _, body := (attempt{method: method, url: address, headers: tc.header, body: tc.body}).send(t)
			if status != http.StatusForbidden || !strings.Contains(string(body), "expired") {
				t.Errorf("answered %d: %s", status, body)
			}
			if _, err := store.Head(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("something was stored: %v", err)
			}
		})
	}
}

func TestADownloadIsSavedAndNeverShown(t *testing.T) {
	t.Parallel()
	store := blob.New(blobtest.General(t))
	for name, tc := range map[string]struct{ name, want string }{
		"a plain name":                     {"photo.png", `attachment; filename=photo.png; filename*=UTF-8''photo.png`},
		"a Hebrew name":                    {"תמונה.png", `attachment; filename=_____.png; filename*=UTF-8''%D7%AA%D7%9E%D7%95%D7%A0%D7%94.png`},
		"a name that tries to add headers": {"a\r\nSet-Cookie: x=\"1\".png", `attachment; filename="a__Set-Cookie: x=_1_.png"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D%221%22.png`},
	} {
		t.Run(name, func(t *testing.T) {
			key := blob.NewKey(id.New[id.Org](), "uploads", id.New[id.Event]())
			if err := store.Put(t.Context(), key, "text/html", []byte("<script>")); err != nil {
				t.Fatal(err)
			}
			signed, err := store.SignGet(t.Context(), key, tc.name)
			if err != nil {
				t.Fatal(err)
			}
			status, header, body := as(signed, nil).send(t)
			if status != http.StatusOK || string(body) != "<script>" || header.Get("Content-Disposition") != tc.want || header.Get("Set-Cookie") != "" {
				t.Errorf("answered %d %q as %s", status, body, header.Get("Content-Disposition"))
			}
			for what, bent := range map[string]attempt{
				"to be shown as a page": as(signed, nil).with(t, func(_ *url.URL, q url.Values) { q.Set("response-content-disposition", "inline") }),
				"another file":          as(signed, nil).with(t, func(u *url.URL, _ url.Values) { u.Path += "x" }),
				"to be deleted":         {method: "DELETE", url: signed.URL},
				"to be overwritten":     {method: "PUT", url: signed.URL, body: []byte("x")},
			} {
				if status, _, _ := bent.send(t); status != http.StatusForbidden {
					t.Errorf("bent %s it answered %d, want 403", what, status)
				}
			}
		})
	}
}
