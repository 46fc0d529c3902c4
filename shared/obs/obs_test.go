package obs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

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
