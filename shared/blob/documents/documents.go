// Package documents keeps signed documents that nobody may delete before their time, in a store of their own.
package documents

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"fitkit/shared/blob"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
)

// RetentionYears is how long a signed document is kept at least, counted from the day it was issued (ticket FIT-158).
const RetentionYears = 7

// Errors of documents. Each is a matter for people: see infra/runbooks/lock-not-in-force.md.
var (
	ErrNotLocked = fail.New(fail.Internal, "compliance.lock_not_in_force", "Documents are not protected from deletion as they must be.",
		"המסמכים אינם מוגנים ממחיקה כנדרש.")
	ErrAltered = fail.New(fail.Internal, "compliance.document_altered", "The document is not the one that was stored.",
		"המסמך אינו זה שנשמר.")
)

// Document is a signed document to be kept.
type Document struct {
	Org         id.Org
	ID          id.Document
	ContentType string
	Content     []byte
	Issued      civil.Date
	Zone        *time.Location // the studio's: its days decide
}

// Receipt is where a document is and what it was. It is kept with the document's row; reading goes by it, and so by the
// version that was stored, whatever was put over it since.
type Receipt struct {
	Provider    string // s3, r2, or none in development
	Bucket      string
	Key         string
	VersionID   string // empty where the store knows no versions
	SHA256      blob.Sum
	Size        int64
	RetainUntil time.Time
}

// RetainUntil is the first instant at which a document may be deleted: the day after its seventh anniversary begins in the
// studio's zone. What was issued on 29 February has its anniversary on 1 March.
func RetainUntil(issued civil.Date, zone *time.Location) time.Time {
	return civil.New(issued.Year+RetentionYears, issued.Month, issued.Day).Add(1).Start(zone)
}

// lock is what keeps a stored document from being deleted.
type lock interface {
	name() string
	apply(put blob.Request, until time.Time)              // asks for the lock with the document itself
	confirm(ctx context.Context, r Receipt) error         // ErrNotLocked unless the stored document is locked until then
	check(ctx context.Context, now time.Time) (err error) // ErrNotLocked unless what is stored today would be locked
}

// Store is the store of signed documents, one port over S3 Object Lock and R2's bucket lock rules.
type Store struct {
	bucket *blob.Bucket
	lock   lock
	now    func() time.Time
}

// The folders of the store of documents; the grants in the templates and the check of R2's rules are made from these names.
const (
	DocumentsFolder = "docs/"    // signed documents of studios
	ReportsFolder   = "reports/" // FitKit's own
)

// DocumentKey holds the content's sum, so that other content has another key and nothing can be overwritten.
func DocumentKey(d Document) string {
	sum := blob.SumOf(d.Content)
	return fmt.Sprintf(DocumentsFolder+"%s/%04d/%s/%s.pdf", d.Org, d.Issued.Year, d.ID, hex.EncodeToString(sum[:]))
}

// Ping says whether the store answers. At S3 it reads a setting of the bucket's: whoever asks needs no leave to see what is in it.
func (s *Store) Ping(ctx context.Context) error {
	if l, ok := s.lock.(objectLock); ok {
		_, err := l.versioning(ctx)
		return err
	}
	return s.bucket.Answers(ctx)
}

// Put stores and locks a document. The same document again is a success with the receipt of the first: an answer that was
// lost costs nothing.
func (s *Store) Put(ctx context.Context, d Document) (Receipt, error) {
	r, err := s.put(ctx, DocumentKey(d), d.ContentType, d.Content, RetainUntil(d.Issued, d.Zone))
	return r, fail.Wrap(err, "store document %s", d.ID)
}

// PutReport stores and locks a report of FitKit's own, such as the proof of a backup, for as long as documents are kept.
// name is ours: letters, digits and dashes, with its date in it.
func (s *Store) PutReport(ctx context.Context, folder, name string, issued civil.Date, content []byte) (Receipt, error) {
	r, err := s.put(ctx, ReportsFolder+folder+"/"+name+".json", "application/json", content, RetainUntil(issued, time.UTC))
	return r, fail.Wrap(err, "store report %s", name)
}

func (s *Store) put(ctx context.Context, key, contentType string, content []byte, until time.Time) (Receipt, error) {
	r := Receipt{Provider: s.lock.name(), Bucket: s.bucket.Bucket, Key: key, SHA256: blob.SumOf(content), Size: int64(len(content)), RetainUntil: until}
	in := blob.Creation(r.Key, contentType, content)
	s.lock.apply(in, r.RetainUntil)
	out, err := s.bucket.Ask(ctx, in)
	switch err = blob.Known(err, "put document"); {
	case errors.Is(err, blob.ErrExists):
		r.VersionID, err = s.same(ctx, r)
	case err == nil:
		r.VersionID, err = out.Header.Get(versionHeader), blob.Proven(out.Header.Get("ETag"), "put document")
	}
	if err != nil {
		return Receipt{}, err
	}
	return r, fail.Wrap(s.lock.confirm(ctx, r), "lock what was stored")
}

// same finds the version of a document that was stored before.
func (s *Store) same(ctx context.Context, r Receipt) (version string, err error) {
	head, err := s.bucket.Ask(ctx, blob.Request{Method: http.MethodHead, Key: r.Key, Header: map[string]string{"X-Amz-Checksum-Mode": "ENABLED"}})
	if err != nil {
		return "", blob.Known(err, "find document")
	}
	if err := blob.Proven(head.Header.Get("ETag"), "find document"); err != nil {
		return "", err
	}
	if head.Length != r.Size || blob.ParseSum(head.Header.Get("X-Amz-Checksum-Sha256")) != r.SHA256 {
		return "", ErrAltered
	}
	return head.Header.Get(versionHeader), nil
}

// Read is the stored version, whole; ErrAltered when a byte of it is another.
func (s *Store) Read(ctx context.Context, r Receipt) ([]byte, error) {
	out, err := s.bucket.Do(ctx, ofVersion(http.MethodGet, r.Key, r.VersionID))
	if err != nil {
		return nil, blob.Known(err, "read document")
	}
	defer out.Body.Close()
	if err := blob.Proven(out.Header.Get("ETag"), "read document"); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(out.Body, r.Size+1))
	if err != nil {
		return nil, blob.Known(err, "read document")
	}
	if blob.SumOf(content) != r.SHA256 {
		return nil, ErrAltered
	}
	return content, nil
}

// Verify reads the document and proves its lock.
func (s *Store) Verify(ctx context.Context, r Receipt) error {
	if _, err := s.Read(ctx, r); err != nil {
		return err
	}
	return s.lock.confirm(ctx, r)
}

// CheckLock proves that what is stored today cannot be deleted: the bucket's settings say so, and attempts on a sample fail.
func (s *Store) CheckLock(ctx context.Context) error { return s.lock.check(ctx, s.now()) }

const versionHeader = "X-Amz-Version-Id"

// ofVersion is a request for a version, or for a setting of it. Without a version it is for what the key stands for now.
func ofVersion(method, key, version string, setting ...string) blob.Request {
	query := url.Values{}
	if version != "" {
		query.Set("versionId", version)
	}
	for _, name := range setting {
		query.Set(name, "")
	}
	return blob.Request{Method: method, Key: key, Query: query}
}

// notLocked is ErrNotLocked with what was seen, for the log.
func notLocked(format string, args ...any) error {
	return fail.Wrap(ErrNotLocked, "%s", fmt.Sprintf(format, args...))
}
