package e2e

import (
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fitkit/shared/catalog"
	"fitkit/shared/need"
)

// redisDoor stands between the functions and Redis. It is there before the platform, which gives functions its address,
// and opens when Redis runs.
type redisDoor struct {
	net.Listener
	upstream atomic.Pointer[string]
	delay    atomic.Int64 // of answers, in nanoseconds
	asked    atomic.Int64 // pieces of questions that Redis has got

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newRedisDoor() (*redisDoor, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &redisDoor{Listener: l, conns: map[net.Conn]bool{}}
	go d.accept()
	return d, nil
}

// environments give each function that needs Redis the door's address, by the catalogue.
func (d *redisDoor) environments() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, f := range catalog.All() {
		if slices.Contains(f.Needs, need.Redis) {
			all[f.Name] = map[string]string{"REDIS_URL": "redis://" + d.Addr().String() + "/0"}
		}
	}
	return all
}

// lead opens the door to the Redis at a redis:// URL.
func (d *redisDoor) lead(redisURL string) error {
	u, err := url.Parse(redisURL)
	if err != nil {
		return err
	}
	d.upstream.Store(&u.Host)
	return nil
}

// accept joins connections with Redis until the door is closed.
func (d *redisDoor) accept() {
	for {
		in, err := d.Accept()
		if err != nil {
			return
		}
		to := d.upstream.Load()
		if to == nil {
			in.Close()
			continue
		}
		out, err := net.Dial("tcp", *to)
		if err != nil {
			in.Close()
			continue
		}
		d.hold(in, out)
		go d.pass(out, in, func() {}, func() { d.asked.Add(1) })
		go d.pass(in, out, func() { time.Sleep(time.Duration(d.delay.Load())) }, func() {})
	}
}

// pass copies until either end is gone; before each piece it waits, and it tells of each that has passed.
func (d *redisDoor) pass(to, from net.Conn, wait, passed func()) {
	defer to.Close()
	defer from.Close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if wait(); err != nil {
			return
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
		passed()
	}
}

func (d *redisDoor) hold(conns ...net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range conns {
		d.conns[c] = true
	}
}

// cut ends every connection, so that what changed behind the door is met at once.
func (d *redisDoor) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		c.Close()
	}
	clear(d.conns)
}

// Close ends the door and what goes through it.
func (d *redisDoor) Close() error {
	err := d.Listener.Close()
	d.cut()
	return err
}
