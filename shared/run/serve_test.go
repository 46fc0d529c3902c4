package run

import (
	"context"
	"runtime"
	"testing"
	"time"
)

type reply string

func (r reply) Invoke(context.Context, []byte) ([]byte, error) { return []byte(r), nil }

// TestWorkBesideBeginsOnce has been red with an event that did not begin it, and with the clock beginning it once more.
func TestWorkBesideBeginsOnce(t *testing.T) {
	for name, event := range map[string]bool{"with the first event": true, "by the clock": false} {
		t.Run(name, func(t *testing.T) {
			began := make(chan struct{}, 2)
			app := &App{}
			app.Beside(func() { began <- struct{}{} })
			if event {
				if out, err := (first{app, reply("yes")}).Invoke(t.Context(), nil); err != nil || string(out) != "yes" {
					t.Fatalf("answered %s: %v", out, err)
				}
				<-began // the clock has not been set
			}
			app.Made()
			if !event {
				<-began
			}
			time.Sleep(3 * askFirst)
			if len(began) > 0 {
				t.Error("it began twice")
			}
		})
	}
}

// TestAFunctionUsesTheProcessorThatItsMemoryPaysFor was red with the bound left out.
func TestAFunctionUsesTheProcessorThatItsMemoryPaysFor(t *testing.T) {
	was := runtime.GOMAXPROCS(3)
	t.Cleanup(func() { runtime.GOMAXPROCS(was) })
	for _, tc := range []struct {
		memory string
		want   int
	}{{"", 3}, {"much", 3}, {"1769", 3}, {"3008", 3}, {"512", 1}} {
		shareOfProcessor(func(string) string { return tc.memory })
		if got := runtime.GOMAXPROCS(0); got != tc.want {
			t.Errorf("with %q MB: %d threads at a time, want %d", tc.memory, got, tc.want)
		}
	}
}
