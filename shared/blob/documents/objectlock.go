package documents

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"fitkit/shared/blob"
)

// objectLock is S3 Object Lock in COMPLIANCE mode: nobody, the account's root included, deletes the version before its date.
type objectLock struct{ bucket *blob.Bucket }

func (objectLock) name() string { return "s3" }

const (
	compliance = "COMPLIANCE"
	enabled    = "Enabled"
	// dateLayout is how S3 writes instants, in UTC.
	dateLayout = "2006-01-02T15:04:05.999Z07:00"
)

func (objectLock) apply(put blob.Request, until time.Time) {
	put.Header["X-Amz-Object-Lock-Mode"] = compliance
	put.Header["X-Amz-Object-Lock-Retain-Until-Date"] = until.UTC().Format(dateLayout)
}

func (l objectLock) confirm(ctx context.Context, r Receipt) error {
	if r.VersionID == "" {
		return notLocked("the bucket keeps no versions")
	}
	return l.retained(ctx, r.Key, r.VersionID, r.RetainUntil)
}

// retention is a version's. What is sent is named Retention; versitygw answers ObjectLockRetention where S3 answers that too.
type retention struct {
	Mode            string
	RetainUntilDate time.Time
}

func (l objectLock) retained(ctx context.Context, key, version string, until time.Time) error {
	got, err := told[retention](ctx, l.bucket, ofVersion(http.MethodGet, key, version, "retention"), "Retention", "ObjectLockRetention")
	if blob.Code(err) == "NoSuchObjectLockConfiguration" {
		return notLocked("the version has no retention")
	}
	if err != nil {
		return blob.Known(err, "read retention")
	}
	if got.Mode != compliance || got.RetainUntilDate.Before(until) {
		return notLocked("the version is retained in mode %q until %s", got.Mode, got.RetainUntilDate.Format(time.RFC3339))
	}
	return nil
}

func (l objectLock) check(ctx context.Context, now time.Time) error {
	if err := l.settings(ctx); err != nil {
		return err
	}
	s, err := putSample(ctx, l.bucket, l, now)
	if err != nil {
		return err
	}
	if err := l.retained(ctx, s.key, s.version, now.Add(sampleFor).Truncate(time.Second)); err != nil {
		return err
	}
	if err := mustBeRefused(l.retain(ctx, s, now.Add(sampleFor/2)), "shortening the sample's retention"); err != nil {
		return err
	}
	return s.survives(ctx, l.bucket)
}

// retain asks for another date of a sample. S3 wants the sum of what it is told.
func (l objectLock) retain(ctx context.Context, s sample, until time.Time) error {
	var body bytes.Buffer
	wanted := retention{Mode: compliance, RetainUntilDate: until.UTC().Truncate(time.Millisecond)}
	if err := xml.NewEncoder(&body).EncodeElement(wanted, xml.StartElement{Name: xml.Name{Space: "http://s3.amazonaws.com/doc/2006-03-01/", Local: "Retention"}}); err != nil {
		return err
	}
	put := ofVersion(http.MethodPut, s.key, s.version, "retention")
	put.Body = body.Bytes()
	put.Header = map[string]string{"Content-Type": "application/xml", "X-Amz-Checksum-Sha256": blob.SumOf(put.Body).Header()}
	_, err := l.bucket.Ask(ctx, put)
	return err
}

// settings reads the bucket's: versions kept, lock on, and a default for whatever is stored without a date of its own.
func (l objectLock) settings(ctx context.Context) error {
	status, err := l.versioning(ctx)
	if err != nil {
		return err
	}
	if status != enabled {
		return notLocked("versioning is %q", status)
	}
	c, err := told[struct {
		ObjectLockEnabled string
		Mode              string `xml:"Rule>DefaultRetention>Mode"`
		Days              int    `xml:"Rule>DefaultRetention>Days"`
		Years             int    `xml:"Rule>DefaultRetention>Years"`
	}](ctx, l.bucket, blob.Request{Method: http.MethodGet, Query: url.Values{"object-lock": {""}}}, "ObjectLockConfiguration")
	if blob.Code(err) == "ObjectLockConfigurationNotFoundError" {
		return notLocked("the bucket has no Object Lock")
	}
	if err != nil {
		return blob.Known(err, "read lock settings")
	}
	if c.ObjectLockEnabled != enabled || c.Mode != compliance || c.Years*365+c.Days < RetentionYears*365 {
		return notLocked("the bucket's lock is %q, and its default retention %q for %d years and %d days", c.ObjectLockEnabled, c.Mode, c.Years, c.Days)
	}
	return nil
}

func (l objectLock) versioning(ctx context.Context) (status string, err error) {
	versions, err := told[struct {
		Status string
	}](ctx, l.bucket, blob.Request{Method: http.MethodGet, Query: url.Values{"versioning": {""}}}, "VersioningConfiguration")
	return versions.Status, blob.Known(err, "read versioning")
}

// told asks for something that the store answers in XML, and reads it. What begins with none of the names is no answer of a store's.
func told[T any](ctx context.Context, bucket *blob.Bucket, r blob.Request, names ...string) (v T, err error) {
	answer, err := bucket.Ask(ctx, r)
	if err != nil {
		return v, err
	}
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal(answer.Body, &root); err != nil {
		return v, err
	}
	if !slices.Contains(names, root.XMLName.Local) {
		return v, fmt.Errorf("the answer is a <%s>, not a <%s>", root.XMLName.Local, names[0])
	}
	return v, xml.Unmarshal(answer.Body, &v)
}
