package blob

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"fitkit/shared/fail"
)

// known turns a store's answer into one of the package's errors. What it refuses for a reason of its own (a wrong key, a
// bucket that is not there) stays what it is, an internal error; what was never answered, or answered 429 or 5xx, may work later.
func known(err error, doing string) error {
	if err == nil {
		return nil
	}
	var res *awshttp.ResponseError
	if !errors.As(err, &res) || res.HTTPStatusCode() == 0 {
		return fail.Wrap(errors.Join(ErrUnavailable, err), "%s", doing)
	}
	switch status := res.HTTPStatusCode(); {
	case status == http.StatusNotFound && code(err) != "NoSuchBucket":
		return fail.Wrap(ErrNotFound, "%s", doing)
	case status == http.StatusPreconditionFailed:
		return fail.Wrap(ErrExists, "%s", doing)
	case status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented:
		return fail.Wrap(errors.Join(ErrUnavailable, err), "%s", doing)
	}
	return fail.Wrap(err, "%s", doing)
}

// code is the store's word for what is wrong, such as AccessDenied; "" when it said none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// refused says that the store understood and will not.
func refused(err error) bool {
	var res *awshttp.ResponseError
	return errors.As(err, &res) && res.HTTPStatusCode() >= 400 && res.HTTPStatusCode() < 500
}
