package platform

import (
	"context"

	"golang.org/x/sync/errgroup"

	"fitkit/infra/local/stores"
)

// foundations brings up what the functions stand on. The sandboxes are compiled while the stores start.
func (p *Platform) foundations(ctx context.Context, given Variables) error {
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return p.startStores(both, given) })
	group.Go(func() error { return buildSandboxes(both, p.opt.Root, sandboxNames(given)) })
	if err := group.Wait(); err != nil {
		return err
	}
	var err error // the stores hold the folder's lock by now, so nobody else makes secrets
	if p.Secrets, err = loadSecrets(p.opt.Dir); err != nil {
		return err
	}
	if err := p.migrate(ctx, given); err != nil {
		return err
	}
	return p.thirdParties(ctx, given)
}

// startStores starts the stores that .env gives no URL for.
func (p *Platform) startStores(ctx context.Context, given Variables) error {
	s, err := stores.Start(ctx, stores.Options{
		Dir: p.opt.Dir, Fast: p.opt.Fast, Progress: p.opt.Progress,
		AdminURL: given["DIRECT_DATABASE_URL"], RedisURL: given["REDIS_URL"], SQSEndpoint: given["SQS_ENDPOINT_URL"],
		S3Endpoint: given.objectStore(),
	})
	if err != nil {
		return err
	}
	p.Stores = s
	p.Addresses.Redis, p.Addresses.SQS, p.Addresses.S3 = s.RedisURL, s.SQSEndpoint, s.S3Endpoint
	go func() {
		for {
			select {
			case err := <-s.Died():
				p.died <- err
			case <-p.ended:
				return
			}
		}
	}()
	return nil
}
