// Package stores runs the databases of the local platform without Docker: PostgreSQL with
// pgvector, Redis, a stand-in for SQS and an S3 server. Programs are fetched once per user and machine
// into a cache that all checkouts share; data lives under one folder per checkout.
package stores

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Region and Account are those of every local queue.
const (
	Region  = "eu-central-1"
	Account = "000000000000"
)

// Options says which stores to start and where. A store whose URL is given is not started.
type Options struct {
	Dir      string // data, logs and the lock; made when missing
	CacheDir string // installed programs; empty means DefaultCacheDir

	AdminURL    string // superuser URL of a PostgreSQL that runs already
	RedisURL    string
	SQSEndpoint string
	S3Endpoint  string

	// Fast gives up PostgreSQL's durability for speed. For tests that lose nothing by it.
	Fast bool

	Progress func(string) // gets one plain line per event, from several goroutines, one at a time; may be nil
}

// Stores are running stores.
type Stores struct {
	AdminURL    string // superuser, database postgres
	RedisURL    string
	SQSEndpoint string
	S3Endpoint  string // with both buckets when it was started here
	SocketDir   string // PostgreSQL's Unix socket; empty when it was not started here

	mu      sync.Mutex
	lock    *os.File
	running []*service
	died    chan error
}

// Start starts what o gives no URL for, all at once, and returns when everything answers.
// ctx bounds the start only; the stores run until Stop. Errors are sentences for a developer.
func Start(ctx context.Context, o Options) (*Stores, error) {
	r, err := newRunner(o)
	if err != nil {
		return nil, err
	}
	s := &Stores{AdminURL: o.AdminURL, RedisURL: o.RedisURL, SQSEndpoint: o.SQSEndpoint, S3Endpoint: o.S3Endpoint,
		lock: r.lock, died: make(chan error, 4)}
	group, ctx := errgroup.WithContext(ctx)
	if o.AdminURL == "" {
		group.Go(func() error { return r.postgres(ctx, s) })
	}
	if o.RedisURL == "" {
		group.Go(func() error { return r.redis(ctx, s) })
	}
	if o.SQSEndpoint == "" {
		group.Go(func() error { return r.sqs(ctx, s) })
	}
	if o.S3Endpoint == "" {
		group.Go(func() error { return r.s3(ctx, s) })
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// DatabaseURL is the URL of database db for role, on the same server as AdminURL.
func (s *Stores) DatabaseURL(role, password, db string) string {
	u, err := url.Parse(s.AdminURL)
	if err != nil { // only for an AdminURL that was given and never worked
		return s.AdminURL
	}
	u.User = url.UserPassword(role, password)
	u.Path = "/" + db
	return u.String()
}

// Died delivers one sentence for each store that ends without Stop.
func (s *Stores) Died() <-chan error { return s.died }

// Stop ends what Start started and frees the folder. A second call does nothing.
func (s *Stores) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var group errgroup.Group
	for _, svc := range s.running {
		group.Go(svc.stop)
	}
	err := group.Wait()
	s.running = nil
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// adopt takes a store that is ready into s and watches over it.
func (s *Stores) adopt(svc *service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, svc)
	go func() {
		<-svc.process.Done()
		if svc.stopping() {
			return
		}
		s.died <- fmt.Errorf("%s stopped by itself. Its log is %s: %w", svc.name, svc.log.Name(), svc.ending())
	}()
}

// Wipe deletes all data of the stores under dir, and refuses while they run.
func Wipe(dir string) error {
	r, err := newRunner(Options{Dir: dir})
	if err != nil {
		return err
	}
	defer r.lock.Close()
	return r.wipe()
}

func (r *runner) wipe() error {
	return errors.Join(
		os.RemoveAll(homePath(r.dir)),
		os.RemoveAll(filepath.Join(r.dir, redisFolder)),
		os.RemoveAll(filepath.Join(r.dir, s3Folder)),
		os.RemoveAll(filepath.Join(r.dir, stateFile)),
	)
}

// readyWithin bounds how long a store may take to answer; recovery after a crash is the longest.
const readyWithin = 2 * time.Minute
