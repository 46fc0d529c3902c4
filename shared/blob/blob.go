// Package blob keeps files in object stores: a general one for uploads, attachments and exports, and one of documents that
// nobody may delete before their time. Both speak S3's protocol to Cloudflare R2, AWS S3 or a local server.
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

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
	client  *s3.Client
	presign *s3.PresignClient
	bucket  string
	now     func() time.Time
}

// New is the store of one bucket.
func New(c Config) *Store {
	client := c.client()
	return &Store{client: client, presign: s3.NewPresignClient(client), bucket: c.Bucket, now: time.Now}
}

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

// header is the sum as S3 writes it.
func (s Sum) header() string { return base64.StdEncoding.EncodeToString(s[:]) }

func sumFrom(header *string) (s Sum) {
	raw, err := base64.StdEncoding.DecodeString(aws.ToString(header))
	if err == nil && len(raw) == len(s) {
		copy(s[:], raw)
	}
	return s
}

// Head asks what is stored under key; ErrNotFound when nothing is.
func (s *Store) Head(ctx context.Context, key Key) (Info, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: key.text(), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return Info{}, known(err, "head object")
	}
	if err := proven(out.ETag, "head object"); err != nil {
		return Info{}, err
	}
	return Info{Size: aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType), SHA256: sumFrom(out.ChecksumSHA256)}, nil
}

// Put stores content under a key that is free, and is ErrExists when it is not.
func (s *Store) Put(ctx context.Context, key Key, contentType string, content []byte) error {
	in := putInput(s.bucket, string(key), contentType, content)
	out, err := s.client.PutObject(ctx, in)
	if err != nil {
		return known(err, "put object")
	}
	return proven(out.ETag, "put object")
}

// putInput creates only, and always carries the content's sum: the store refuses what was damaged on its way.
func putInput(bucket, key, contentType string, content []byte) *s3.PutObjectInput {
	return &s3.PutObjectInput{Bucket: &bucket, Key: &key, ContentType: &contentType, IfNoneMatch: aws.String("*"), Body: reader(content),
		ContentLength: aws.Int64(int64(len(content))), ChecksumSHA256: aws.String(SumOf(content).header())}
}

// Get opens what is stored under key. The caller closes it.
func (s *Store) Get(ctx context.Context, key Key) (io.ReadCloser, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: key.text()})
	if err != nil {
		return nil, known(err, "get object")
	}
	if err := proven(out.ETag, "get object"); err != nil {
		return nil, errors.Join(err, out.Body.Close())
	}
	return out.Body, nil
}

// beginning is how much of a file says what it is (WHATWG's sniffing looks at no more).
const beginning = 512

// Begin reads the first bytes under key, at most 512.
func (s *Store) Begin(ctx context.Context, key Key) ([]byte, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: key.text(), Range: aws.String(fmt.Sprintf("bytes=0-%d", beginning-1))})
	if err != nil {
		return nil, known(err, "get object")
	}
	defer out.Body.Close()
	if err := proven(out.ETag, "get object"); err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(out.Body, beginning))
	return head, known(err, "get object")
}

// Delete removes what is stored under key. What is not there is deleted already.
func (s *Store) Delete(ctx context.Context, key Key) error {
	out, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: key.text()})
	if err = known(err, "delete object"); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// A store has nothing to say to a deletion. Whatever says something in its place has deleted nothing.
	if res, ok := middleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response); !ok || res.StatusCode != http.StatusNoContent {
		return fail.Wrap(unavailable(errNotAStore), "delete object")
	}
	return nil
}
