// Package blob keeps files in an object store, for uploads, attachments and exports; package documents beside it keeps what nobody
// may delete before its time. Both speak S3's protocol to Cloudflare R2, AWS S3 or a local server.
//
// No bucket has a public address. Browsers send and fetch by presigned URLs, each good for one object, one method and a few
// minutes; keys are made here, under the studio's own prefix, and never taken from a caller.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"fitkit/shared/fail"
)

// The stores' errors.
var (
	ErrNotFound = fail.New(fail.NotFound, "blob.not_found", "This file does not exist.", "הקובץ לא קיים.")
	ErrExists   = fail.New(fail.Conflict, "blob.exists", "A file with this name is there already; files are never overwritten.",
		"כבר קיים קובץ בשם הזה; קבצים אינם נדרסים.")
	ErrUnavailable = fail.New(fail.Unavailable, "blob.unavailable", "The file store does not answer. Try again in a minute.",
		"מאגר הקבצים אינו עונה. נסו שוב בעוד דקה.").After(time.Minute)
)

// Store is the general object store.
type Store struct {
	bucket *Bucket
	now    func() time.Time
}

// New is the store of one bucket.
func New(c Config) *Store { return &Store{bucket: NewBucket(c), now: time.Now} }

// Info is what the store knows about an object.
type Info struct {
	Size        int64
	ContentType string
	SHA256      Sum // zero when the store kept none
}

// Sum is a SHA-256.
type Sum [sha256.Size]byte

// SumOf is the content's.
func SumOf(content []byte) Sum { return sha256.Sum256(content) }

// IsZero says that there is none.
func (s Sum) IsZero() bool { return s == Sum{} }

// Header is the sum as S3 writes it.
func (s Sum) Header() string { return base64.StdEncoding.EncodeToString(s[:]) }

// ParseSum reads such a header; what is none is no sum.
func ParseSum(header string) (s Sum) {
	raw, err := base64.StdEncoding.DecodeString(header)
	if err == nil && len(raw) == len(s) {
		copy(s[:], raw)
	}
	return s
}

// Ping says whether the store answers.
func (s *Store) Ping(ctx context.Context) error { return s.bucket.Answers(ctx) }

// Head asks what is stored under key; ErrNotFound when nothing is.
func (s *Store) Head(ctx context.Context, key Key) (Info, error) {
	res, err := s.bucket.Ask(ctx, Request{Method: http.MethodHead, Key: string(key), Header: map[string]string{"X-Amz-Checksum-Mode": "ENABLED"}})
	if err != nil {
		return Info{}, Known(err, "head object")
	}
	if err := Proven(res.Header.Get("ETag"), "head object"); err != nil {
		return Info{}, err
	}
	return Info{Size: max(res.Length, 0), ContentType: res.Header.Get("Content-Type"), SHA256: ParseSum(res.Header.Get("X-Amz-Checksum-Sha256"))}, nil
}

// Put stores content under a key that is free, and is ErrExists when it is not.
func (s *Store) Put(ctx context.Context, key Key, contentType string, content []byte) error {
	res, err := s.bucket.Ask(ctx, Creation(string(key), contentType, content))
	if err != nil {
		return Known(err, "put object")
	}
	return Proven(res.Header.Get("ETag"), "put object")
}

// Creation is the request that stores content under a key that is free. It always carries the content's sum: the store refuses what
// was damaged on its way.
func Creation(key, contentType string, content []byte) Request {
	return Request{Method: http.MethodPut, Key: key, Body: content, Header: map[string]string{"Content-Type": contentType, "If-None-Match": "*",
		"X-Amz-Checksum-Sha256": SumOf(content).Header()}}
}

// Get opens what is stored under key. The caller closes it.
func (s *Store) Get(ctx context.Context, key Key) (io.ReadCloser, error) { return s.get(ctx, key, nil) }

func (s *Store) get(ctx context.Context, key Key, header map[string]string) (io.ReadCloser, error) {
	res, err := s.bucket.Do(ctx, Request{Method: http.MethodGet, Key: string(key), Header: header})
	if err != nil {
		return nil, Known(err, "get object")
	}
	if err := Proven(res.Header.Get("ETag"), "get object"); err != nil {
		return nil, errors.Join(err, res.Body.Close())
	}
	return res.Body, nil
}

// beginning is how much of a file says what it is (WHATWG's sniffing looks at no more).
const beginning = 512

// Begin reads the first bytes under key, at most 512.
func (s *Store) Begin(ctx context.Context, key Key) ([]byte, error) {
	body, err := s.get(ctx, key, map[string]string{"Range": fmt.Sprintf("bytes=0-%d", beginning-1)})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	head, err := io.ReadAll(io.LimitReader(body, beginning))
	return head, Known(err, "get object")
}

// Delete removes what is stored under key. What is not there is deleted already.
func (s *Store) Delete(ctx context.Context, key Key) error {
	res, err := s.bucket.Ask(ctx, Request{Method: http.MethodDelete, Key: string(key)})
	if err = Known(err, "delete object"); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// A store has nothing to say to a deletion. Whatever says something in its place has deleted nothing.
	if res.Status != http.StatusNoContent {
		return fail.Wrap(unavailable(errNotAStore), "delete object")
	}
	return nil
}
