package run

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// TestAnEventThatWasTakenAlongIsAnsweredOnce gives the runtime API what lambda.Start would have given it.
func TestAnEventThatWasTakenAlongIsAnsweredOnce(t *testing.T) {
	var path, body string
	status := http.StatusAccepted
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		path, body = r.URL.Path, string(raw)
		w.WriteHeader(status)
	}))
	t.Cleanup(api.Close)
	t.Setenv("AWS_LAMBDA_RUNTIME_API", strings.TrimPrefix(api.URL, "http://"))
	deadline := time.Now().Add(time.Minute)
	e := event{Request: "r-1", Function: "arn:f", Deadline: deadline, Payload: []byte(`{"a":"<>&"}`)}

	err := e.answer(lambda.NewHandler(func(ctx context.Context, in map[string]string) (map[string]string, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		until, _ := ctx.Deadline()
		if lc.AwsRequestID != "r-1" || lc.InvokedFunctionArn != "arn:f" || !until.Equal(deadline) {
			t.Errorf("context of %+v until %v", lc, until)
		}
		return in, nil
	}))
	if err != nil || path != "/2018-06-01/runtime/invocation/r-1/response" || body != `{"a":"<>&"}` {
		t.Errorf("%v: %s got %s", err, path, body)
	}

	err = e.answer(lambda.NewHandler(func() error { return errors.New("no") }))
	var told messages.InvokeResponse_Error
	if jErr := json.Unmarshal([]byte(body), &told); err != nil || jErr != nil || !strings.HasSuffix(path, "/r-1/error") || told.Message != "no" || told.Type != "errorString" {
		t.Errorf("%v %v: %s got %s", err, jErr, path, body)
	}

	status = http.StatusRequestEntityTooLarge
	if err := e.answer(lambda.NewHandler(func() {})); err == nil {
		t.Error("an answer that was refused was taken for given")
	}
}
