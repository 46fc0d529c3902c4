package documents

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"fitkit/shared/blob"
	"fitkit/shared/id"
	"fitkit/shared/retry/awsretry"
)

// samples is the prefix of what the daily check stores and tries to delete.
const samples = "lock-check/"

// sampleFor is long enough to be tried, and leaves no years of samples behind.
const sampleFor = 24 * time.Hour

// sample is a small object that only the daily check knows.
type sample struct {
	key, version string
	content      []byte
}

// putSample stores one as documents are stored, locked for a day where the store takes a date.
func putSample(ctx context.Context, bucket *blob.Bucket, l lock, now time.Time) (sample, error) {
	s := sample{key: fmt.Sprintf("%s%s/%s.txt", samples, now.UTC().Format(time.DateOnly), id.New[id.Event]()), content: []byte("This object proves the lock of its day.\n")}
	in := blob.Creation(s.key, "text/plain", s.content)
	l.apply(in, now.Add(sampleFor))
	out, err := bucket.Ask(ctx, in)
	if err != nil {
		return s, blob.Known(err, "store a sample")
	}
	s.version = out.Header.Get(versionHeader)
	return s, blob.Proven(out.Header.Get("ETag"), "store a sample")
}

// survives tries to delete the sample's version and reads it after.
func (s sample) survives(ctx context.Context, bucket *blob.Bucket) error {
	_, err := bucket.Ask(ctx, ofVersion(http.MethodDelete, s.key, s.version))
	if err := mustBeRefused(err, "deleting the sample"); err != nil {
		return err
	}
	out, err := bucket.Do(ctx, ofVersion(http.MethodGet, s.key, s.version))
	if err != nil {
		return blob.Known(err, "read the sample again")
	}
	defer out.Body.Close()
	if err := blob.Proven(out.Header.Get("ETag"), "read the sample again"); err != nil {
		return err
	}
	if content, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(content, s.content) {
		return notLocked("the sample is another than was stored (%v)", err)
	}
	return nil
}

// mustBeRefused is nil for a refusal, ErrNotLocked for a success, and what went wrong otherwise: being asked to come back later
// proves nothing.
func mustBeRefused(err error, what string) error {
	switch {
	case err == nil:
		return notLocked("%s succeeded", what)
	case awsretry.Refused(err):
		return nil
	}
	return blob.Known(err, what)
}
