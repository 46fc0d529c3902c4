package blob

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"fitkit/shared/config"
	"fitkit/shared/retry/awsretry"
	"fitkit/shared/run"
)

// Config is where a bucket is and by whose keys it is used.
type Config struct {
	Endpoint string // empty: AWS S3 in Region
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
		c.Endpoint, c.Region = r2Endpoint(b.AccountID), r2Region
	}
	return c
}

// r2Region is what R2 calls its only region.
const r2Region = "auto"

func r2Endpoint(account string) string { return "https://" + account + ".r2.cloudflarestorage.com" }

// client is made by hand: the SDK's own loading of settings costs every cold start. Checksums are sent only where this
// package sets them, because R2 takes neither chunked bodies nor trailers, which the SDK sends otherwise.
func (c Config) client() *s3.Client {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: patience}
	}
	o := s3.Options{Region: c.Region, UsePathStyle: true, HTTPClient: c.HTTP,
		Retryer:                    awsretry.New(),
		Credentials:                aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Keys, nil }),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return s3.New(o)
}

func reader(content []byte) io.Reader { return bytes.NewReader(content) }
