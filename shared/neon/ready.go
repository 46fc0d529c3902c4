package neon

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// operation is one of the steps that Neon takes for a request: create_branch, start_compute, apply_config.
type operation struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	Status string `json:"status"`
	Error  string `json:"error"`
}

// ended says whether Neon is done with the operation. One that failed is not: Neon may try it again.
func (o *operation) ended() (bool, error) {
	switch o.Status {
	case "finished", "skipped":
		return true, nil
	case "error", "cancelled":
		return false, fmt.Errorf("Neon's operation %s ended as %s: look at it in Neon's console (%s)", o.Action, o.Status, o.Error) //nolint:staticcheck // a sentence that a person reads
	}
	return false, nil
}

// looks is how often a thing that takes Neon seconds is looked at: about ten minutes in all.
const looks = 207

func pause(look int) time.Duration {
	if look <= 10 {
		return time.Second
	}
	return 3 * time.Second
}

// await looks again and again until done.
func (n *Client) await(ctx context.Context, what string, done func() (bool, error), state func() string, look func() error) error {
	for i := 1; ; i++ {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if i > looks {
			return fmt.Errorf("%s is still %s after ten minutes: look at it in Neon's console", what, state())
		}
		if err := n.Wait(ctx, pause(i)); err != nil {
			return fmt.Errorf("%s is still %s: %w", what, state(), err)
		}
		if err := look(); err != nil {
			return err
		}
	}
}

// finish waits for all the operations that a request began.
func (n *Client) finish(ctx context.Context, begun []operation) error {
	for _, o := range begun {
		look := func() error {
			var one struct{ Operation operation }
			err := n.call(ctx, http.MethodGet, "/operations/"+url.PathEscape(o.ID), nil, &one)
			o = one.Operation
			return err
		}
		if err := n.await(ctx, "Neon's operation "+o.Action, o.ended, func() string { return o.Status }, look); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until the branch can be used.
func (n *Client) ready(ctx context.Context, b branch) error {
	look := func() error {
		var one struct{ Branch branch }
		err := n.call(ctx, http.MethodGet, "/branches/"+url.PathEscape(b.ID), nil, &one)
		b = one.Branch
		return err
	}
	return n.await(ctx, "the branch "+b.Name, func() (bool, error) { return b.State == "ready", nil }, func() string { return b.State }, look)
}
