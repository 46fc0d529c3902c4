package documents_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/blob/documents"
	"fitkit/shared/civil"
	"fitkit/shared/config"
	"fitkit/shared/id"
	"fitkit/shared/secret"
)

var jerusalem = mustLoad("Asia/Jerusalem")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

func lockedStore(t *testing.T) (*documents.Store, blob.Config) {
	t.Helper()
	c := blobtest.Locked(t)
	return documents.New(settings(c), &config.ComplianceLock{}, c.Region), c
}

func settings(c blob.Config) *config.ComplianceBlob {
	return &config.ComplianceBlob{Provider: "s3", Bucket: c.Bucket, Endpoint: c.Endpoint, KeyID: c.Keys.AccessKeyID, KeySecret: secret.Secret(c.Keys.SecretAccessKey)}
}

// Red when any success was believed, and when the bucket's name was not asked for.
func TestTheStoreIsAskedWhetherItAnswers(t *testing.T) {
	t.Parallel()
	store, c := lockedStore(t)
	general := blobtest.General(t) // as in development, without a bucket of its own
	own := settings(general)
	own.Bucket, own.General = "", general.Bucket
	for name, s := range map[string]*documents.Store{"a bucket with a lock": store, "the general bucket": documents.New(own, &config.ComplianceLock{}, general.Region)} {
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	missing := settings(c)
	missing.Bucket = "of-nobody"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>a proxy's page</html>") }))
	t.Cleanup(server.Close)
	proxied := settings(c)
	proxied.Endpoint = server.URL
	for name, c := range map[string]*config.ComplianceBlob{"a bucket that is not there": missing, "a proxy": proxied} {
		if err := documents.New(c, &config.ComplianceLock{}, "eu-central-1").Ping(t.Context()); err == nil {
			t.Errorf("%s answers as a store", name)
		}
	}
}

func document() documents.Document {
	return documents.Document{Org: id.New[id.Org](), ID: id.New[id.Document](), ContentType: "application/pdf", Content: []byte("%PDF-1.7 signed"),
		Issued: civil.Of(time.Now(), jerusalem), Zone: jerusalem}
}

// S12: whatever is tried with the store's own keys, the version of record stays byte-identical. refused says that the
// attempt itself must fail; the others may seem to succeed, and must change nothing for who reads by version. Seen red, for the
// default that is removed, with documents stored in GOVERNANCE mode.
func TestTheVersionOfRecordSurvivesEveryAttack(t *testing.T) {
	t.Parallel()
	store, where := lockedStore(t)
	client, bucket := blobtest.Client(t), &where.Bucket
	soon := time.Now().Add(time.Minute)
	for name, tc := range map[string]struct {
		attack  func(t *testing.T, r documents.Receipt) error
		refused bool
	}{
		"overwriting": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &r.Key, Body: strings.NewReader("forged")})
			return err
		}, false},
		"overwriting a key that ends in a slash": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String(r.Key + "/"), Body: strings.NewReader("")})
			return err
		}, false},
		"copying over it": {func(t *testing.T, r documents.Receipt) error {
			if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("forged"), Body: strings.NewReader("forged")}); err != nil {
				return err
			}
			_, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: &r.Key, CopySource: aws.String(*bucket + "/forged")})
			return err
		}, false},
		"deleting": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &r.Key})
			return err
		}, false},
		"deleting the version": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID})
			return err
		}, true},
		"deleting the version with the bypass header": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID, BypassGovernanceRetention: aws.Bool(true)})
			return err
		}, true},
		"deleting many": {func(t *testing.T, r documents.Receipt) error {
			out, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, BypassGovernanceRetention: aws.Bool(true),
				Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: &r.Key, VersionId: &r.VersionID}, {Key: &r.Key}}}})
			if err == nil && len(out.Errors) > 0 {
				return errors.New(aws.ToString(out.Errors[0].Code))
			}
			return err
		}, true},
		"shortening the retention": {func(t *testing.T, r documents.Receipt) error {
			return retain(t, client, bucket, r, types.ObjectLockRetentionModeCompliance, soon, false)
		}, true},
		"shortening it with the bypass header": {func(t *testing.T, r documents.Receipt) error {
			return retain(t, client, bucket, r, types.ObjectLockRetentionModeCompliance, soon, true)
		}, true},
		"weakening it to GOVERNANCE": {func(t *testing.T, r documents.Receipt) error {
			return retain(t, client, bucket, r, types.ObjectLockRetentionModeGovernance, r.RetainUntil, true)
		}, true},
		"turning a legal hold on and off, then deleting": {func(t *testing.T, r documents.Receipt) error {
			for _, status := range []types.ObjectLockLegalHoldStatus{types.ObjectLockLegalHoldStatusOn, types.ObjectLockLegalHoldStatusOff} {
				if _, err := client.PutObjectLegalHold(t.Context(), &s3.PutObjectLegalHoldInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID,
					LegalHold: &types.ObjectLockLegalHold{Status: status}}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID})
			return err
		}, true},
		"suspending versions": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: bucket,
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
			return err
		}, true},
		"removing the bucket's default retention, then deleting": {func(t *testing.T, r documents.Receipt) error {
			redefault(t, *bucket, nil)
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID, BypassGovernanceRetention: aws.Bool(true)})
			return err
		}, true},
		"removing the bucket's Object Lock": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{Bucket: bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{}})
			return err
		}, true},
		"a rule that lets objects expire": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: bucket,
				LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{ID: aws.String("x"), Status: types.ExpirationStatusEnabled,
					Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")}, NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1)}}}}})
			return err
		}, false},
		"deleting the bucket": {func(t *testing.T, r documents.Receipt) error {
			_, err := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: bucket})
			return err
		}, true},
		"setting the client's clock eight years on": {func(t *testing.T, r documents.Receipt) error {
			return deleteAt(t, where, r, time.Now().AddDate(8, 0, 0))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := document()
			r, err := store.Put(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if err := tc.attack(t, r); tc.refused && err == nil {
				t.Error("the attempt was not refused")
			}
			got, err := store.Read(t.Context(), r)
			if err != nil || !bytes.Equal(got, d.Content) {
				t.Fatalf("the version of record is %q (%v)", got, err)
			}
			if err := store.Verify(t.Context(), r); err != nil {
				t.Errorf("its lock: %v", err)
			}
		})
	}
}

func retain(t *testing.T, client *s3.Client, bucket *string, r documents.Receipt, mode types.ObjectLockRetentionMode, until time.Time, bypass bool) error {
	t.Helper()
	_, err := client.PutObjectRetention(t.Context(), &s3.PutObjectRetentionInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID,
		BypassGovernanceRetention: &bypass, Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: &until}})
	return err
}

func TestADocumentIsStoredOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	store, where := lockedStore(t)
	d := document()
	first, err := store.Put(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := store.Put(t.Context(), d)
	if err != nil || again != first {
		t.Errorf("the second receipt is %+v (%v), the first %+v", again, err, first)
	}
	if want := documents.RetainUntil(d.Issued, jerusalem); !first.RetainUntil.Equal(want) || first.Provider != "s3" || first.Bucket != where.Bucket || first.VersionID == "" {
		t.Errorf("receipt %+v", first)
	}
	other := d
	other.Content = []byte("%PDF-1.7 other")
	if r, err := store.Put(t.Context(), other); err != nil || r.Key == first.Key {
		t.Errorf("other content went to %s (%v)", r.Key, err)
	}
	t.Run("one changed byte is noticed", func(t *testing.T) {
		forged := first
		forged.SHA256[0]++
		if _, err := store.Read(t.Context(), forged); !errors.Is(err, documents.ErrAltered) {
			t.Errorf("said %v", err)
		}
	})
}

func TestDocumentsAreKeptSevenYearsToTheDay(t *testing.T) {
	for name, tc := range map[string]struct {
		issued civil.Date
		zone   *time.Location
		want   string
	}{
		"in winter until midnight in Jerusalem": {civil.New(2026, 1, 15), jerusalem, "2033-01-15T22:00:00Z"},
		"in summer until midnight there too":    {civil.New(2026, 7, 15), jerusalem, "2033-07-15T21:00:00Z"},
		"from a leap day until 1 March is over": {civil.New(2028, 2, 29), jerusalem, "2035-03-01T22:00:00Z"},
		"over two leap days":                    {civil.New(2027, 3, 1), jerusalem, "2034-03-01T22:00:00Z"},
		"on the last day of the year":           {civil.New(2026, 12, 31), jerusalem, "2033-12-31T22:00:00Z"},
		"in the studio's zone, not ours":        {civil.New(2026, 1, 15), mustLoad("Pacific/Auckland"), "2033-01-15T11:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got := documents.RetainUntil(tc.issued, tc.zone)
			if got.UTC().Format(time.RFC3339) != tc.want {
				t.Errorf("until %s, want %s", got.UTC().Format(time.RFC3339), tc.want)
			}
		})
	}
}

func TestOnlyDevelopmentKeepsDocumentsUnlocked(t *testing.T) {
	t.Parallel()
	c := blobtest.General(t)
	s := settings(c)
	s.Bucket, s.General = "", c.Bucket
	store := documents.New(s, &config.ComplianceLock{}, c.Region)
	d := document()
	r, err := store.Put(t.Context(), d)
	if err != nil || r.Provider != "none" || r.Bucket != c.Bucket {
		t.Fatalf("%+v, %v", r, err)
	}
	if got, err := store.Read(t.Context(), r); err != nil || !bytes.Equal(got, d.Content) {
		t.Errorf("read %q, %v", got, err)
	}
	if err := store.CheckLock(t.Context()); !errors.Is(err, documents.ErrNotLocked) {
		t.Errorf("the daily check says %v", err)
	}
}
