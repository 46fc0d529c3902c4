package run

import (
	"context"
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
