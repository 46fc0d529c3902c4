package documents

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"fitkit/shared/blob"
	"fitkit/shared/retry/awsretry"
)

// patience bounds one call; documents are small.
const patience = 20 * time.Second

// client is made by hand: the SDK's own loading of settings costs every cold start. Checksums are sent only where this
// package sets them, because R2 takes neither chunked bodies nor trailers, which the SDK sends otherwise.
// It is made when it is first wanted.
func client(c blob.Config) func() *s3.Client {
	o := s3.Options{Region: c.Region, UsePathStyle: true, HTTPClient: awsretry.Whole{Client: &http.Client{Timeout: patience}},
		Retryer:                    awsretry.New(),
		Credentials:                aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Keys, nil }),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return sync.OnceValue(func() *s3.Client { return s3.New(o) })
}

// putInput creates only, and always carries the content's sum: the store refuses what was damaged on its way.
func putInput(bucket, key, contentType string, content []byte) *s3.PutObjectInput {
	return &s3.PutObjectInput{Bucket: &bucket, Key: &key, ContentType: &contentType, IfNoneMatch: aws.String("*"), Body: bytes.NewReader(content),
		ContentLength: aws.Int64(int64(len(content))), ChecksumSHA256: aws.String(blob.SumOf(content).Header())}
}

// code is the store's word for what is wrong, such as AccessDenied; "" when it said none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
