package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
	"fitkit/shared/platform/cloudwatch"
)

// TestAFunctionsCallsAreCountedAsCloudWatchTells makes requests of a real process and reads the figures by the client that
// functions have. Red when a call was counted 20 ms after its answer, when errors were not counted, with the functions' short names,
// when the end of the span was not looked at, and without the failures that an answer hides.
func TestAFunctionsCallsAreCountedAsCloudWatchTells(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "../host/testdata/probe").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &template.Platform{}
	for _, name := range []string{"api-a", "api-b"} {
		p.Functions = append(p.Functions, template.Function{Name: name, LambdaName: "fitkit-x-" + name, CodeDir: dir, MemoryMB: 128, Timeout: 30 * time.Second})
	}
	h, err := host.New(host.Options{Functions: p.Functions})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(build(t, Options{Platform: p, Invoker: h, Local: Local{Figures: h.Figures}}))
	t.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	r := cloudwatch.New(cloudwatch.Config{Endpoint: server.URL + CloudWatchPath, Region: "eu-central-1", Prefix: "fitkit-x-",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		})})
	for i, order := range []string{`{}`, `{"do":"fail"}`, `{"do":"exit"}`, `{"do":"refuse"}`} {
		if _, err := h.Invoke(t.Context(), "api-a", []byte(order)); err != nil {
			t.Fatal(err)
		}
		until := time.Now().Truncate(time.Minute).Add(time.Minute)
		got, err := r.Figures(t.Context(), []string{"api-a", "api-b"}, until.Add(-time.Hour), until)
		for over := time.Now().Add(time.Minute); err == nil && got["api-a"].Failed < int64(i)-2 && time.Now().Before(over); { // what a function writes is read beside its answer
			got, err = r.Figures(t.Context(), []string{"api-a", "api-b"}, until.Add(-time.Hour), until)
		}
		if err != nil {
			t.Fatal(err)
		}
		a := got["api-a"]
		if a.Invocations != int64(i)+1 || a.Errors != min(int64(i), 2) || a.Failed != max(0, int64(i)-2) || a.Throttles != 0 || a.AverageMS <= 0 || a.SlowestMS < a.AverageMS {
			t.Errorf("after %s: %+v", order, a)
		}
		if b := got["api-b"]; b.Invocations != 0 || b.SlowestMS != 0 {
			t.Errorf("nobody called it: %+v", b)
		}
		if got, err := r.Figures(t.Context(), []string{"api-a"}, until.Add(-3*time.Hour), until.Add(-2*time.Hour)); err != nil || got["api-a"].Invocations != 0 {
			t.Errorf("hours ago there were %+v (%v)", got, err)
		}
	}
}

// Red without the check of the action.
func TestOtherActionsOfCloudWatchAreRefused(t *testing.T) {
	g := build(t, Options{Local: Local{Figures: func(string, time.Time, time.Time) host.Figures { return host.Figures{} }}})
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:80"+CloudWatchPath+"/", http.NoBody)
	r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
