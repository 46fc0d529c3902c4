package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// carried names the open file in which an event is taken along.
const carried = "FITKIT_CARRIED_EVENT"

// event is one that Lambda has handed out and nobody has answered.
type event struct {
	Request, Function string
	Deadline          time.Time
	Payload           []byte
}

// anew runs the program again in this process, from its first line, so that no client and no pool keeps a former secret. The event
// goes along in a file without a name. It returns when that fails, and this process goes on as it was.
func anew(ctx context.Context, payload []byte) error {
	e := event{Payload: payload}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		e.Request, e.Function = lc.AwsRequestID, lc.InvokedFunctionArn
	}
	e.Deadline, _ = ctx.Deadline()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "event")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	if err := json.NewEncoder(f).Encode(e); err != nil {
		return err
	}
	fd, err := syscall.Dup(int(f.Fd())) // the copy outlives the exec, the original does not
	if err != nil {
		return err
	}
	err = syscall.Exec(self, os.Args, append(os.Environ(), carried+"="+strconv.Itoa(fd)))
	return errors.Join(fmt.Errorf("run %s again: %w", self, err), syscall.Close(fd))
}

// takenAlong answers the event that the former program of this process took along, if there is one. A failure to do so ends the
// process, which is how Lambda's callers hear of it.
func takenAlong(h lambda.Handler) {
	text := os.Getenv(carried)
	if text == "" {
		return
	}
	if err := os.Unsetenv(carried); err != nil {
		Fatal(err)
	}
	e, err := unpack(text)
	if err != nil {
		Fatal(fmt.Errorf("read the event that was taken along: %w", err))
	}
	if err := e.answer(h); err != nil {
		Fatal(fmt.Errorf("answer the event that was taken along: %w", err))
	}
}

func unpack(fd string) (e event, err error) {
	n, err := strconv.Atoi(fd)
	if err != nil {
		return e, err
	}
	f := os.NewFile(uintptr(n), "event")
	defer f.Close()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return e, err
	}
	return e, json.NewDecoder(f).Decode(&e)
}

// answer does for one event what lambda.Start does for all others.
func (e event) answer(h lambda.Handler) error {
	ctx, cancel := context.WithDeadline(context.Background(), e.Deadline)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: e.Request, InvokedFunctionArn: e.Function})
	out, err := h.Invoke(ctx, e.Payload)
	if err == nil {
		return e.post("response", out)
	}
	out, mErr := json.Marshal(messages.InvokeResponse_Error{Message: err.Error(), Type: reflect.Indirect(reflect.ValueOf(err)).Type().Name()})
	if mErr != nil {
		return mErr
	}
	return e.post("error", out)
}

// post tells Lambda's runtime API, by a connection of its own and never through a proxy.
func (e event) post(what string, body []byte) error {
	address := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/" + e.Request + "/" + what
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := (&http.Client{Transport: transport}).Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the runtime API answered %s to the %s", res.Status, what)
	}
	return nil
}
