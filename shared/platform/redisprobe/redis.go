// Package redisprobe asks Redis whether it answers. It is apart from package platform so that only who asks Redis links its client.
package redisprobe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"fitkit/shared/config"
	"fitkit/shared/run"
	"fitkit/shared/secret"
)

// Probe is a connection that is made when it is first asked for, so that a function starts while Redis is down.
type Probe struct {
	url    secret.Secret
	mu     sync.Mutex
	client rueidis.Client
}

// From is the function's, from its settings.
func From(app *run.App) *Probe {
	return run.Once(app, "redis_ping", func() *Probe { return New(run.Section[config.Redis](app).URL) })
}

// New is the Redis at a redis:// or rediss:// URL.
func New(url secret.Secret) *Probe { return &Probe{url: url} }

// connectTimeout is all that anything here waits for a connection to Redis: it holds nothing that cannot be lost.
const connectTimeout = 100 * time.Millisecond

var errRedisURL = errors.New("REDIS_URL cannot be read (its text is withheld, it holds a password)")

// Ping says whether Redis answers.
func (p *Probe) Ping(ctx context.Context) error {
	client, err := p.connect()
	if err != nil {
		return err
	}
	return client.Do(ctx, client.B().Ping().Build()).Error()
}

func (p *Probe) connect() (rueidis.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		return p.client, nil
	}
	opt, err := rueidis.ParseURL(p.url.Reveal())
	if err != nil {
		return nil, errRedisURL
	}
	opt.DisableCache, opt.DisableRetry, opt.ForceSingleClient = true, true, true
	opt.Dialer.Timeout = connectTimeout
	client, err := rueidis.NewClient(opt)
	if err != nil {
		if client != nil { // of a single server one is made even when it cannot be reached
			client.Close()
		}
		return nil, err
	}
	p.client = client
	return client, nil
}

// Close ends the connection.
func (p *Probe) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		p.client.Close()
		p.client = nil
	}
}
