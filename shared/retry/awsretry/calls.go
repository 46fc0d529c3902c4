package awsretry

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsstandard "github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Calls are calls of a service of AWS's without the SDK's client for it, by the same rules and with the same errors.
type Calls struct{ attempts *awsstandard.Attempt }

// NewCalls is the rules for one service.
func NewCalls() Calls {
	return Calls{awsstandard.NewAttemptMiddleware(New(), func(in any) any { return in })}
}

// Do does one call, and does it again when that may help.
func (c Calls) Do(ctx context.Context, once func(context.Context) error) error {
	_, _, err := c.attempts.HandleFinalize(ctx, middleware.FinalizeInput{}, middleware.FinalizeHandlerFunc(
		func(ctx context.Context, _ middleware.FinalizeInput) (o middleware.FinalizeOutput, m middleware.Metadata, err error) {
			return o, m, once(ctx)
		}))
	return err
}

// Unanswered is why there is no answer. It may be tried again, unless the caller waits for none.
func Unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &aws.RequestCanceledError{Err: ctx.Err()}
	}
	return &smithyhttp.RequestSendError{Err: err}
}

// Answered is an answer that is none. Code is the service's word for why, or "".
func Answered(res *http.Response, code, message string) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: res},
		Err: &smithy.GenericAPIError{Code: code, Message: message}}}
}
