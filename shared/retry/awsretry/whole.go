package awsretry

import (
	"bytes"
	"io"
	"net/http"
)

// Whole is an HTTP client for the SDK that sends a body from memory. The SDK's own body says after its end that it fails
// (smithy-go's WriteTo answers io.EOF once it is closed), net/http asks it once more when it is sent, and a service that
// answers before that, as one on the same machine does, has its answer cut off: a receive then loses its messages for as
// long as their queue hides them.
type Whole struct{ Client *http.Client }

// Do implements the SDK's HTTPClient.
func (w Whole) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return w.Client.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	whole := r.WithContext(r.Context()) // a copy: the SDK closes its own body
	whole.Body, whole.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return w.Client.Do(whole)
}
