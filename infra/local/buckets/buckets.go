// Package buckets makes the two buckets that FitKit keeps files in, on an S3 server for development or tests.
package buckets

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"fitkit/shared/retry/awsretry"
)

// The buckets of the local platform.
const (
	General    = "fitkit"            // exports, attachments, uploads
	Compliance = "fitkit-compliance" // signed documents under COMPLIANCE lock
)

// RetentionYears is the compliance bucket's default lock. Documents ask for their own date, which is never earlier.
const RetentionYears = 7

// Client speaks to a server that is not AWS's.
func Client(endpoint, region, keyID, keySecret string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), Region: region, UsePathStyle: true, HTTPClient: awsretry.Whole{Client: http.DefaultClient},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: keySecret}, nil
		}),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// Make makes both buckets where they are missing.
func Make(ctx context.Context, client *s3.Client) error {
	if err := create(ctx, client, General, false); err != nil {
		return err
	}
	return MakeLocked(ctx, client, Compliance)
}

// MakeLocked makes a bucket whose objects nobody can delete or change for RetentionYears.
func MakeLocked(ctx context.Context, client *s3.Client, bucket string) error {
	if err := create(ctx, client, bucket, true); err != nil {
		return err
	}
	_, err := client.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: &bucket,
		ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{
				Mode: types.ObjectLockRetentionModeCompliance, Years: aws.Int32(RetentionYears)}}}})
	if err != nil {
		return fmt.Errorf("lock bucket %s: %w", bucket, err)
	}
	return nil
}

func create(ctx context.Context, client *s3.Client, bucket string, lock bool) error {
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket, ObjectLockEnabledForBucket: &lock})
	var ours *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &ours) {
		return fmt.Errorf("make bucket %s: %w", bucket, err)
	}
	return nil
}
