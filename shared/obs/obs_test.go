package obs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"fitkit/shared/obs"
)

func TestAnInvocationThatFailsIsCountedUnderItsFunction(t *testing.T) {
	var out bytes.Buffer
	obs.Redirect(&out)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	for _, failed := range []bool{false, true} {
		out.Reset()
		ctx, event := obs.Start(context.Background(), "job-example-settle", "1")
		if failed {
			obs.Failed(ctx, errors.New("the provider does not answer"))
		}
		event.End(ctx)
		counted := strings.Contains(out.String(), `"Failed":1`) && strings.Contains(out.String(), `"Function":"job-example-settle"`)
		if counted != failed {
			t.Errorf("failed %v, counted %v:\n%s", failed, counted, out.String())
		}
	}
}

// During a gradual deployment two versions answer, and an error is of one of them. Red without the version in the event, and with it
// kept from whoever hears of failures.
func TestAnEventSaysWhichVersionRan(t *testing.T) {
	var out bytes.Buffer
	var told obs.Failure
	obs.Redirect(&out)
	obs.ReportTo(func(_ context.Context, f obs.Failure) { told = f })
	version := lambdacontext.FunctionVersion
	t.Cleanup(func() {
		obs.Redirect(os.Stdout)
		obs.ReportTo(nil)
		lambdacontext.FunctionVersion = version
	})
	lambdacontext.FunctionVersion = "12"
	ctx, event := obs.Start(context.Background(), "job-example-settle", "1")
	obs.Failed(ctx, errors.New("the provider does not answer"))
	event.End(ctx)
	if !strings.Contains(out.String(), `"version":"12"`) || told.Tags["version"] != "12" {
		t.Errorf("told of %v by\n%s", told.Tags, out.String())
	}
}
