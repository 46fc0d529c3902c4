// Package awsretry is package retry's rules for clients of AWS's SDK.
package awsretry

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsstandard "github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"fitkit/shared/retry"
)

const (
	// longest pause between two tries: they happen while somebody waits for an answer.
	longest = 500 * time.Millisecond
	// A retry costs what ten calls earn that succeed at once, so that retries are a tenth of all calls at most; a process that
	// starts while the service stumbles has three to begin with. The SDK's own bucket allows a hundred and more.
	cost  = 10
	saved = 3 * cost
)

// New is the rules for one client.
func New() aws.Retryer {
	return polite{awsstandard.NewStandard(func(o *awsstandard.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = retry.Tries, longest
		o.RateLimiter, o.NoRetryIncrement = spent{ratelimit.NewTokenRateLimit(saved)}, 1
		o.RetryCost, o.RetryTimeoutCost = cost, cost
	})}
}

// spent keeps what a retry cost even when it succeeded; the SDK gives that back, and a service that fails every other time
// would be asked twice for everything.
type spent struct{ *ratelimit.TokenRateLimit }

func (s spent) GetToken(ctx context.Context, cost uint) (func() error, error) {
	_, err := s.TokenRateLimit.GetToken(ctx, cost)
	return func() error { return nil }, err
}

// polite leaves a service alone that asks for longer than a pause.
type polite struct{ *awsstandard.Standard }

func (p polite) IsErrorRetryable(err error) bool {
	return After(err) <= longest && p.Standard.IsErrorRetryable(err)
}

// After is how long the service asked to be left alone; 0 when it did not, or did not answer.
func After(err error) time.Duration {
	var res *awshttp.ResponseError
	if !errors.As(err, &res) || res.HTTPResponse() == nil {
		return 0
	}
	return retry.After(res.HTTPResponse().Header, time.Now())
}

// Refused says that the service understood this request and will not; another request may fare better.
func Refused(err error) bool {
	var res *awshttp.ResponseError
	return errors.As(err, &res) && res.HTTPStatusCode() >= 400 && res.HTTPStatusCode() < 500 && res.HTTPStatusCode() != http.StatusTooManyRequests
}
