package stores

import (
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"fitkit/infra/local/buckets"
)

func onlyS3(dir string) Options {
	return Options{Dir: dir, AdminURL: "postgres://given", RedisURL: "redis://given", SQSEndpoint: "http://given"}
}

func TestS3KeepsLockedVersionsThroughDeletesAndRestarts(t *testing.T) {
	dir := dirFor(t)
	s := startStores(t, onlyS3(dir))
	client := buckets.Client(s.S3Endpoint, Region, S3KeyID, S3KeySecret)
	put, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(buckets.Compliance), Key: aws.String("a/b.pdf"),
		Body: strings.NewReader("signed"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256})
	if err != nil {
		t.Fatal(err)
	}
	version := &s3.DeleteObjectInput{Bucket: aws.String(buckets.Compliance), Key: aws.String("a/b.pdf"), VersionId: put.VersionId}
	if _, err := client.DeleteObject(t.Context(), version); err == nil {
		t.Error("a locked version was deleted")
	}
	stop(t, s)

	again := startStores(t, onlyS3(dir))
	client = buckets.Client(again.S3Endpoint, Region, S3KeyID, S3KeySecret)
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(buckets.Compliance), Key: aws.String("a/b.pdf"), VersionId: put.VersionId})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if content, _ := io.ReadAll(got.Body); string(content) != "signed" {
		t.Errorf("read %q", content)
	}
}

func TestS3RefusesAWrongKey(t *testing.T) {
	s := startStores(t, onlyS3(dirFor(t)))
	if _, err := buckets.Client(s.S3Endpoint, Region, S3KeyID, "wrong").ListBuckets(t.Context(), &s3.ListBucketsInput{}); err == nil {
		t.Error("a wrong secret was let in")
	}
}
