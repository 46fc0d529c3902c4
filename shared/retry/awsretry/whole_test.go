package awsretry

import (
	"io"
	"net/http"
	"strings"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// early answers before it has read the request, as net/http does when the service is quick.
type early struct{ request *http.Request }

// RoundTrip implements http.RoundTripper.
func (e *early) RoundTrip(r *http.Request) (*http.Response, error) {
	e.request = r
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// Red with the client alone: net/http, which still sends, is told that the body fails, and closes the connection that the
// answer comes from.
func TestABodyLastsUntilItIsSent(t *testing.T) {
	const text = "a body"
	wire := &early{}
	request := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	request.Method, request.URL.Scheme, request.URL.Host, request.ContentLength = "POST", "http", "sqs.test", int64(len(text))
	request, err := request.SetStream(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := smithyhttp.NewClientHandlerWithOptions(Whole{&http.Client{Transport: wire}}).Handle(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	sent, err := io.ReadAll(wire.request.Body)
	if err != nil || string(sent) != text || wire.request.ContentLength != int64(len(text)) {
		t.Errorf("sent %q of %d bytes (%v)", sent, wire.request.ContentLength, err)
	}
	if _, err := io.Copy(io.Discard, wire.request.Body); err != nil {
		t.Errorf("after its end the body fails: %v", err)
	}
}
