package platform

import (
	"context"

	"fitkit/infra/local/stores"
)

// Interrupt ends one of the stores at once, as a crash does, and answers how to bring it back, see stores.Interrupt. A
// queue that comes back is empty: its messages are sent again from the jobs table, as after a start.
func (p *Platform) Interrupt(store string) (back func(context.Context) error, err error) {
	again, err := p.Stores.Interrupt(store)
	if err != nil || store != stores.SQS {
		return again, err
	}
	return func(ctx context.Context) error {
		if err := again(ctx); err != nil {
			return err
		}
		if err := p.Poller.CreateQueues(ctx); err != nil {
			return err
		}
		return p.resend(ctx, p.Variables["SYSTEM_DATABASE_URL"])
	}, nil
}
