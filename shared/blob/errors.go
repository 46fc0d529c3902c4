package blob

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"fitkit/shared/fail"
	"fitkit/shared/retry/awsretry"
)

// Known turns a store's answer into one of this package's errors. What it refuses for a reason of its own (a wrong key, a
// bucket that is not there) stays what it is, an internal error; what was never answered, answered with
// something that is not a store's, or with 429 or 5xx, may work later.
func Known(err error, doing string) error {
	if err == nil {
		return nil
	}
	var res *awshttp.ResponseError
	if !errors.As(err, &res) || res.HTTPStatusCode() == 0 {
		return fail.Wrap(unavailable(err), "%s", doing)
	}
	switch status := res.HTTPStatusCode(); {
	case status == http.StatusNotFound && Code(err) != "NoSuchBucket":
		return fail.Wrap(ErrNotFound, "%s", doing)
	case status == http.StatusPreconditionFailed:
		return fail.Wrap(ErrExists, "%s", doing)
	case status < 300 || status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented:
		return fail.Wrap(unavailable(err), "%s", doing)
	}
	return fail.Wrap(err, "%s", doing)
}

// Proven looks at an answer that says nothing but "success": a store gives every object an ETag, and whatever else
// answers in its place (a proxy's page with status 200) must not be believed to have taken or to hold a document.
func Proven(etag, doing string) error {
	if etag != "" {
		return nil
	}
	return fail.Wrap(unavailable(errNotAStore), "%s", doing)
}

var errNotAStore = errors.New("the answer is not an object store's")

// unavailable asks callers to come back in a minute, or when the store itself said.
func unavailable(err error) error {
	return errors.Join(ErrUnavailable.After(max(ErrUnavailable.RetryAfter, awsretry.After(err))), err)
}

// Code is the store's word for what is wrong, such as AccessDenied; "" when it said none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
