package main

import (
	"context"
	"fmt"
	"time"
)

// notices is how the provider's sandbox sends word of paid pages: a weight for each way, the seed of its choices, and how
// late a late one is.
type notices struct {
	Mix         map[string]int `json:"mix"`
	Seed        uint64         `json:"seed"`
	LateSeconds float64        `json:"lateSeconds"`
}

// restoreWithin bounds the return to the former settings.
const restoreWithin = 10 * time.Second

// unruly has the sandbox send notices twice, late and never. The settings are those of the whole sandbox, which may be of a
// platform that somebody works on: restore puts the former ones back, and does so after Ctrl-C too.
func unruly(ctx context.Context, cardcom string, seed uint64) (restore func() error, err error) {
	address, former := cardcom+"/_sandbox/webhooks", notices{}
	if err := get(ctx, address, &former); err != nil {
		return nil, err
	}
	if former.Mix == nil {
		former.Mix = map[string]int{} // said so, or it would stay as it is
	}
	restore = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreWithin)
		defer cancel()
		if err := post(ctx, address, former); err != nil {
			return fmt.Errorf("the sandbox's webhooks stay as the demo set them: %w", err)
		}
		return nil
	}
	return restore, post(ctx, address, notices{Mix: map[string]int{"once": 70, "twice": 15, "late": 10, "never": 5}, Seed: seed, LateSeconds: 3})
}
