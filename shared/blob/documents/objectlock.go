package documents

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"fitkit/shared/blob"
)

// objectLock is S3 Object Lock in COMPLIANCE mode: nobody, the account's root included, deletes the version before its date.
type objectLock struct {
	client func() *s3.Client
	bucket string
}

func (objectLock) name() string { return "s3" }

func (objectLock) apply(in *s3.PutObjectInput, until time.Time) {
	in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeCompliance, &until
}

func (l objectLock) confirm(ctx context.Context, r Receipt) error {
	if r.VersionID == "" {
		return notLocked("the bucket keeps no versions")
	}
	return l.retained(ctx, r.Key, r.VersionID, r.RetainUntil)
}

func (l objectLock) retained(ctx context.Context, key, version string, until time.Time) error {
	out, err := l.client().GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &l.bucket, Key: &key, VersionId: &version})
	if code(err) == "NoSuchObjectLockConfiguration" {
		return notLocked("the version has no retention")
	}
	if err != nil {
		return blob.Known(err, "read retention")
	}
	if got := out.Retention; got.Mode != types.ObjectLockRetentionModeCompliance || aws.ToTime(got.RetainUntilDate).Before(until) {
		return notLocked("the version is retained in mode %s until %s", got.Mode, aws.ToTime(got.RetainUntilDate).Format(time.RFC3339))
	}
	return nil
}

func (l objectLock) check(ctx context.Context, now time.Time) error {
	if err := l.settings(ctx); err != nil {
		return err
	}
	s, err := putSample(ctx, l.client(), l.bucket, l, now)
	if err != nil {
		return err
	}
	if err := l.retained(ctx, s.key, s.version, now.Add(sampleFor).Truncate(time.Second)); err != nil {
		return err
	}
	sooner := now.Add(sampleFor / 2)
	_, err = l.client().PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: &l.bucket, Key: &s.key, VersionId: &s.version,
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeCompliance, RetainUntilDate: &sooner}})
	if err := mustBeRefused(err, "shortening the sample's retention"); err != nil {
		return err
	}
	return s.survives(ctx, l.client(), l.bucket)
}

// settings reads the bucket's: versions kept, lock on, and a default for whatever is stored without a date of its own.
func (l objectLock) settings(ctx context.Context) error {
	versions, err := l.client().GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &l.bucket})
	if err != nil {
		return blob.Known(err, "read versioning")
	}
	if versions.Status != types.BucketVersioningStatusEnabled {
		return notLocked("versioning is %q", versions.Status)
	}
	out, err := l.client().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &l.bucket})
	if code(err) == "ObjectLockConfigurationNotFoundError" {
		return notLocked("the bucket has no Object Lock")
	}
	if err != nil {
		return blob.Known(err, "read lock settings")
	}
	c := out.ObjectLockConfiguration
	if c == nil || c.ObjectLockEnabled != types.ObjectLockEnabledEnabled || c.Rule == nil || c.Rule.DefaultRetention == nil {
		return notLocked("the bucket has no default retention")
	}
	d := c.Rule.DefaultRetention
	if d.Mode != types.ObjectLockRetentionModeCompliance || aws.ToInt32(d.Years)*365+aws.ToInt32(d.Days) < RetentionYears*365 {
		return notLocked("the default retention is %s for %d years and %d days", d.Mode, aws.ToInt32(d.Years), aws.ToInt32(d.Days))
	}
	return nil
}
