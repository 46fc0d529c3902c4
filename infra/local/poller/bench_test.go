package poller

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// tapped counts the invocations that a host has finished.
type tapped struct {
	*host.Host
	done chan struct{}
}

// Invoke passes on.
func (t tapped) Invoke(ctx context.Context, function string, payload []byte) (host.Result, error) {
	r, err := t.Host.Invoke(ctx, function, payload)
	t.done <- struct{}{}
	return r, err
}

// BenchmarkDeliveryToProcesses is messages through eight real processes that do nothing.
func BenchmarkDeliveryToProcesses(b *testing.B) {
	dir := b.TempDir()
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "../host/testdata/probe").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	h, err := host.New(host.Options{Functions: []template.Function{{Name: "job", LambdaName: "job", CodeDir: dir, Timeout: time.Minute}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.Close() })
	done := make(chan struct{}, b.N)
	e := template.EventSource{BatchSize: 1, MaximumConcurrency: 8}
	p, err := New(b.Context(), Options{Platform: platform(b, e), Client: client(b), Invoker: tapped{h, done}})
	if err != nil {
		b.Fatal(err)
	}
	send(b, p, b.N)
	b.ResetTimer()
	run(b, p)
	for range b.N {
		<-done
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
