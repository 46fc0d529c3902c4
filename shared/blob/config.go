package blob

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/config"
	"fitkit/shared/run"
)

// Config is where a bucket is and by whose keys it is used.
type Config struct {
	Endpoint string // without the bucket
	Region   string
	Keys     aws.Credentials
	Bucket   string
	HTTP     *http.Client // for tests; nil: one that gives up after patience
}

// patience bounds one call; the files that functions themselves move are small.
const patience = 20 * time.Second

// From is the function's general store.
func From(app *run.App) *Store {
	return run.Once(app, "blob", func() *Store { return New(FromSection(run.Section[config.Blob](app), app.Core.Region)) })
}

// FromSection is the configuration that the settings mean.
func FromSection(b *config.Blob, region string) Config {
	c := Config{Endpoint: b.Endpoint, Region: region, Bucket: b.Bucket, Keys: aws.Credentials{AccessKeyID: b.KeyID, SecretAccessKey: b.KeySecret.Reveal()}}
	if c.Endpoint == "" {
		c.Endpoint, c.Region = R2(b.AccountID)
	}
	return c
}

// AWS is where the buckets of one of its regions are.
func AWS(region string) (endpoint string) { return "https://s3." + region + ".amazonaws.com" }

// R2 is where an account's buckets are, and what R2 calls its only region.
func R2(account string) (endpoint, region string) {
	return "https://" + account + ".r2.cloudflarestorage.com", "auto"
}
