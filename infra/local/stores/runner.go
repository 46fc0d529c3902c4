package stores

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// runner is what the stores share while they start.
type runner struct {
	dir   string
	cache string
	fast  bool
	lock  *os.File

	mu       sync.Mutex // guards state and progress
	state    state
	progress func(string)
}

func newRunner(o Options) (*runner, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", o.Dir, err)
	}
	cache := o.CacheDir
	if cache == "" {
		if cache, err = DefaultCacheDir(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, logFolder), 0o755); err != nil {
		return nil, fmt.Errorf("make the stores' folder: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("find %s: %w", o.Dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	st, err := readState(dir)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &runner{dir: dir, cache: cache, fast: o.Fast, lock: lock, state: st, progress: o.Progress}, nil
}

func (r *runner) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.progress != nil {
		r.progress(fmt.Sprintf(format, args...))
	}
}

// remember changes the state and writes it down.
func (r *runner) remember(change func(*state)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.state)
	return writeState(r.dir, r.state)
}

// port is the store's port of last time when it is free, so that open tools find it again,
// or else one that the system chooses.
func (r *runner) port(name string) (int, error) {
	r.mu.Lock()
	last := r.state.Ports[name]
	r.mu.Unlock()
	port, err := freePort(last)
	if err != nil {
		port, err = freePort(0)
	}
	if err != nil {
		return 0, fmt.Errorf("no free port for %s: %w", name, err)
	}
	return port, r.remember(func(st *state) { st.Ports[name] = port })
}

func freePort(want int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// launch starts a store and waits until it answers. Between choosing a port and listening on
// it someone else may take it, and a killed PostgreSQL's last processes may still hold its
// memory: so a store that ends before it answers gets two more tries.
func (r *runner) launch(ctx context.Context, s *Stores, d definition) (port int, err error) {
	const tries = 3
	began := time.Now()
	for try := 1; ; try++ {
		if port, err = r.port(d.name); err != nil {
			return 0, err
		}
		svc, err := d.start(ctx, filepath.Join(r.dir, logFolder), port)
		if err == nil {
			s.adopt(svc)
			r.say("%s is ready on 127.0.0.1:%d (%.1f s).", d.name, port, time.Since(began).Seconds())
			return port, nil
		}
		if try == tries || ctx.Err() != nil {
			return 0, err
		}
		if err := pause(ctx, time.Second); err != nil {
			return 0, err
		}
	}
}

// pause waits for d, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
