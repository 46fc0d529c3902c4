package documents

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/blob"
	"fitkit/shared/config"
	"fitkit/shared/run"
)

// From is the function's store of signed documents. Only a function that also needs the lock can check R2's rules.
func From(app *run.App) *Store {
	return run.Once(app, "documents", func() *Store {
		return New(run.Section[config.ComplianceBlob](app), &config.ComplianceLock{}, app.Core.Region)
	})
}

// LockFrom is the same store for the daily check.
func LockFrom(app *run.App) *Store {
	return run.Once(app, "documents", func() *Store {
		return New(run.Section[config.ComplianceBlob](app), run.Section[config.ComplianceLock](app), app.Core.Region)
	})
}

// New is the store that the settings mean. config.Guard has made sure that only local and test have no bucket of
// its own; there the general bucket keeps documents, unlocked, and the daily check says so.
func New(c *config.ComplianceBlob, l *config.ComplianceLock, region string) *Store {
	bucket := blob.NewBucket(documentsConfig(c, region))
	d := &Store{bucket: bucket, now: time.Now}
	switch {
	case c.Bucket == "":
		d.lock = noLock{}
	case c.Provider == "r2":
		d.lock = ruleLock{bucket: bucket, account: c.AccountID, apiURL: l.APIURL, apiToken: l.APIToken,
			http: &http.Client{Timeout: patience}}
	default:
		d.lock = objectLock{bucket}
	}
	return d
}

// documentsConfig uses the function's role at AWS, and R2's keys anywhere else.
func documentsConfig(c *config.ComplianceBlob, region string) blob.Config {
	where := blob.Config{Endpoint: c.Endpoint, Region: region, Bucket: c.Bucket, Keys: aws.Credentials{AccessKeyID: c.KeyID, SecretAccessKey: c.KeySecret.Reveal()}}
	if c.Bucket == "" {
		where.Bucket = c.General
	}
	switch {
	case c.Endpoint != "":
	case c.Provider == "r2" || c.Bucket == "":
		where.Endpoint, where.Region = blob.R2(c.AccountID)
	default:
		where.Endpoint = blob.AWS(region)
		where.Keys = aws.Credentials{AccessKeyID: c.RoleID, SecretAccessKey: c.RoleKey.Reveal(), SessionToken: c.RoleToken.Reveal()}
	}
	return where
}

// patience bounds a call of Cloudflare's API.
const patience = 20 * time.Second

// noLock is development's.
type noLock struct{}

func (noLock) name() string { return "none" }

func (noLock) apply(blob.Request, time.Time) {}

func (noLock) confirm(context.Context, Receipt) error { return nil }

func (noLock) check(context.Context, time.Time) error {
	return notLocked("R2_COMPLIANCE_BUCKET_NAME is not set, so documents are in the general bucket")
}
