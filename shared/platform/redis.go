package platform

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

// Redis is a connection that is made when it is first asked for, so that a function starts while Redis is down.
type Redis struct {
	url    secret.Secret
	mu     sync.Mutex
	client rueidis.Client
}

// RedisFrom is the function's, from its settings.
func RedisFrom(app *run.App) *Redis {
	return run.Once(app, "redis_ping", func() *Redis { return NewRedis(run.Section[config.Redis](app).URL) })
}

// NewRedis is the Redis at a redis:// or rediss:// URL.
func NewRedis(url secret.Secret) *Redis { return &Redis{url: url} }

// connectTimeout is all that anything here waits for a connection to Redis: it holds nothing that cannot be lost.
const connectTimeout = 100 * time.Millisecond

var errRedisURL = errors.New("REDIS_URL cannot be read (its text is withheld, it holds a password)")

// Ping says whether Redis answers.
func (r *Redis) Ping(ctx context.Context) error {
	client, err := r.connect()
	if err != nil {
		return err
	}
	return client.Do(ctx, client.B().Ping().Build()).Error()
}

func (r *Redis) connect() (rueidis.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		return r.client, nil
	}
	opt, err := rueidis.ParseURL(r.url.Reveal())
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
	r.client = client
	return client, nil
}

// Close ends the connection.
func (r *Redis) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		r.client.Close()
		r.client = nil
	}
}
