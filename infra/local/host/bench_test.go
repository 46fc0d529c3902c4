package host_test

import (
	"testing"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// BenchmarkInvoke is one invocation after the other, and BenchmarkInvokeParallel eight at a time, through a
// real process that does nothing. Their time includes the process's own.
func BenchmarkInvoke(b *testing.B) {
	h := start(b, host.Options{Functions: []template.Function{probe("a")}})
	for b.Loop() {
		invoke(b, h, "a", `{"do":""}`)
	}
}

func BenchmarkInvokeParallel(b *testing.B) {
	h := start(b, host.Options{Functions: []template.Function{probe("a")}})
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			invoke(b, h, "a", `{"do":""}`)
		}
	})
}
