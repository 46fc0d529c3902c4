// Package blobtest gives each test buckets of its own, on the real S3 server that make test started.
package blobtest

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"fitkit/infra/local/buckets"
	"fitkit/shared/blob"
	"fitkit/shared/id"
)

// The variables that name the test server; the stores command sets them.
const (
	Variable       = "TEST_S3_ENDPOINT_URL"
	keyVariable    = "TEST_S3_ACCESS_KEY_ID"
	secretVariable = "TEST_S3_SECRET_ACCESS_KEY"
)

const region = "eu-central-1"

// Server is the test server's address and keys, without a bucket.
func Server(t testing.TB) blob.Config {
	t.Helper()
	endpoint := os.Getenv(Variable)
	if endpoint == "" {
		t.Fatalf("%s is not set: run the tests with `make test`, which starts an S3 server for them", Variable)
	}
	return blob.Config{Endpoint: endpoint, Region: region,
		Keys: aws.Credentials{AccessKeyID: os.Getenv(keyVariable), SecretAccessKey: os.Getenv(secretVariable)}}
}

// Client speaks to the test server past the package under test, to arrange and to attack.
func Client(t testing.TB) *s3.Client {
	c := Server(t)
	return buckets.Client(c.Endpoint, c.Region, c.Keys.AccessKeyID, c.Keys.SecretAccessKey)
}

// General is a new bucket for general files.
func General(t testing.TB) blob.Config {
	t.Helper()
	c := Server(t)
	c.Bucket = name("general")
	if _, err := Client(t).CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: &c.Bucket}); err != nil {
		t.Fatal(err)
	}
	return c
}

// Locked is a new bucket under COMPLIANCE lock. Nobody can empty it, so it stays until the server's data is deleted.
func Locked(t testing.TB) blob.Config {
	t.Helper()
	c := Server(t)
	c.Bucket = name("locked")
	if err := buckets.MakeLocked(context.Background(), Client(t), c.Bucket); err != nil {
		t.Fatal(err)
	}
	return c
}

func name(kind string) string {
	return kind + "-" + strings.ReplaceAll(id.New[id.Event]().String(), "-", "")
}
