package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/seed"
	"fitkit/infra/local/stores"
	"fitkit/shared/id"
)

// TestAnAcknowledgedWriteOutlivesPostgres is T10. People write through the API at a rate while PostgreSQL is restarted
// without a shutdown and its backends are killed with -9, and send again, with the same Idempotency-Key, what was answered
// 503. In the end the table holds what was acknowledged, once, and nothing else.
//
// It has been seen red with PostgreSQL's Fast settings, which lose acknowledged commits, and with functions that all refuse for twelve
// seconds once one of them has met a fault.
func TestAnAcknowledgedWriteOutlivesPostgres(t *testing.T) {
	o := startOutage(t, map[string]string{"CRONS_ENABLED": "false"})
	stop := o.write(t, figure(20, 100)) // 200 writes a second for about five minutes
	for i := range figure(3, 10) {
		o.killBackends(t, figure(3, 5))
		o.acknowledged(t, 20)
		back, err := o.Interrupt(stores.PostgreSQL)
		if err != nil {
			t.Fatal(err)
		}
		if err := back(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		o.acknowledged(t, 1)
		took := time.Since(began)
		t.Logf("restart %d: the first write was acknowledged %.1f s after the server answered", i+1, took.Seconds())
		if took > backWithin {
			t.Errorf("restart %d: the service was back %.1f s after the server, %s are allowed", i+1, took.Seconds(), backWithin)
		}
		o.acknowledged(t, figure(20, 5000))
	}
	stop()
	o.audit(t)
	o.everyProcessWorks(t)
}

// outage is a platform of its own, whose PostgreSQL may be broken, with a studio.
type outage struct {
	*platform.Platform
	owner  *seed.Client
	admin  string // the superuser's address of the functions' database
	began  time.Time
	chance *rand.Rand // of how long people wait and of the backend that is killed

	sending chan struct{} // requests under way

	mu       sync.Mutex
	names    map[string]string // acknowledged: the member's name by id
	done     chan struct{}     // one for each acknowledgement
	refused  atomic.Int64      // answers that asked to try again
	unwanted []error
}

func startOutage(t *testing.T, variables map[string]string) *outage {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		if err := platform.Reset(dir); err != nil {
			t.Error(err)
		}
	})
	p, err := platform.Start(t.Context(), platform.Options{Root: root, Dir: dir, Progress: func(line string) { t.Log(line) },
		Variables: variables})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	clerk := seed.Clerk{URL: p.Addresses.Clerk}
	studio, err := clerk.CreateStudio(t.Context(), "סטודיו", "outage")
	if err != nil {
		t.Fatal(err)
	}
	admin, err := url.Parse(p.Stores.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	admin.Path = "/fitkit"
	return &outage{Platform: p, sending: make(chan struct{}, underWay), names: map[string]string{}, done: make(chan struct{}, 1_000_000), began: time.Now(), chance: seeded(t), admin: admin.String(),
		owner: &seed.Client{API: p.Addresses.API, Token: clerk.Session(studio.Users["owner"], studio.Organization)}}
}

// backWithin is how soon after the server the service is back.
const backWithin = 10 * time.Second

const (
	// underWay is how many requests are sent at once: each is a process of a function.
	underWay = 64
	// patient is how many people there may be, those included who were told to wait. When all are, nobody comes: a machine that
	// answers fewer a second than asked for would else end in a queue that no time limit outlives.
	patient = 2000
)

// write lets so many people a second come, who each write twice, until stop is called; then what is under way ends.
func (o *outage) write(t *testing.T, perSecond int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	here := make(chan struct{}, patient)
	var people sync.WaitGroup
	people.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				select {
				case here <- struct{}{}:
				case <-ctx.Done():
					return
				}
				people.Go(func() {
					o.member(t.Context(), n)
					<-here
				})
			}
		}
	})
	return func() {
		cancel()
		people.Wait()
	}
}

// member creates somebody and then changes the name, each until it is acknowledged.
func (o *outage) member(ctx context.Context, n int) {
	var made struct {
		ID      string
		Version int
	}
	name := fmt.Sprintf("Member %d", n)
	if !o.insist(ctx, http.MethodPost, "/v1/members", map[string]any{"name": name, "phone": seed.MemberAt(n).Phone}, &made) {
		return
	}
	o.acknowledge(made.ID, name)
	name += " changed"
	if o.insist(ctx, http.MethodPatch, "/v1/members/"+made.ID, map[string]any{"name": name, "version": made.Version}, nil) {
		o.acknowledge(made.ID, name)
	}
}

func (o *outage) acknowledge(member, name string) {
	o.mu.Lock()
	o.names[member] = name
	o.mu.Unlock()
	o.done <- struct{}{}
}

// insist sends a write with one key until it is done; any refusal but 503 with Retry-After is unwanted.
func (o *outage) insist(ctx context.Context, method, path string, in, out any) bool {
	key := id.New[id.Event]().String()
	for wait := time.Second; ; {
		o.sending <- struct{}{}
		err := o.owner.Do(ctx, method, path, key, in, out)
		<-o.sending
		if err == nil {
			return true
		}
		var p *seed.Problem
		if !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable || p.RetryAfter == 0 {
			o.mu.Lock()
			o.unwanted = append(o.unwanted, err)
			o.mu.Unlock()
		} else {
			o.refused.Add(1)
			wait = p.RetryAfter
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait + time.Duration(o.chance.Int64N(int64(time.Second)))): // not all at once
		}
	}
}

// acknowledged waits for so many more acknowledgements.
func (o *outage) acknowledged(t *testing.T, n int) {
	t.Helper()
	for len(o.done) > 0 {
		<-o.done
	}
	over := time.After(patience)
	for range n {
		select {
		case <-o.done:
		case <-over:
			t.Fatal("no write is acknowledged any more")
		}
	}
}

// connect is the superuser's connection. A server that a kill made start anew refuses for a moment.
func (o *outage) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	var conn *pgx.Conn
	until(t, "PostgreSQL lets us in", func() bool {
		var err error
		conn, err = pgx.Connect(t.Context(), o.admin)
		return err == nil
	})
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // it may be dead by then
	return conn
}

// killBackends kills some of the processes that serve functions. PostgreSQL then ends all others too, and recovers.
func (o *outage) killBackends(t *testing.T, n int) {
	t.Helper()
	for range n {
		until(t, "a backend is killed", func() bool {
			err := syscall.Kill(o.backend(t), syscall.SIGKILL)
			if err != nil && !errors.Is(err, syscall.ESRCH) { // it ended by itself before we came
				t.Fatal(err)
			}
			return err == nil
		})
		o.acknowledged(t, 5)
	}
}

// backend is the process of one of the functions' connections.
func (o *outage) backend(t *testing.T) (pid int) {
	t.Helper()
	until(t, "a function is connected", func() bool {
		conn := o.connect(t) // anew each time: the kill before may have ended this one too
		defer conn.Close(context.Background())
		err := conn.QueryRow(t.Context(), "select coalesce((array_agg(pid order by pid))[1 + floor($1::float8 * count(*))::int], 0) from pg_stat_activity where usename = 'fitkit_app'",
			o.chance.Float64()).Scan(&pid)
		return err == nil && pid != 0
	})
	return pid
}

// audit compares the people's own log with the table.
func (o *outage) audit(t *testing.T) {
	t.Helper()
	rows, err := o.connect(t).Query(t.Context(), "select id::text, name from members")
	if err != nil {
		t.Fatal(err)
	}
	found, twice := map[string]string{}, map[string]bool{}
	var member, name string
	_, err = pgx.ForEachRow(rows, []any{&member, &name}, func() error {
		if found[member] = name; twice[name] {
			t.Errorf("%s is there twice", name)
		}
		twice[name] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for member, name := range o.names {
		if found[member] != name {
			t.Errorf("acknowledged as %q, the table has %q", name, found[member])
		}
	}
	if len(found) != len(o.names) {
		t.Errorf("%d members are in the table, %d were acknowledged", len(found), len(o.names))
	}
	for _, err := range o.unwanted[:min(5, len(o.unwanted))] {
		t.Errorf("answered other than 503 with Retry-After: %v", err)
	}
	took := time.Since(o.began)
	t.Logf("%d members written and changed in %.0f s, %.0f writes a second, %d answers of 503, %d of another kind",
		len(o.names), took.Seconds(), float64(2*len(o.names))/took.Seconds(), o.refused.Load(), len(o.unwanted))
	if o.refused.Load() == 0 {
		t.Error("no request met a fault")
	}
}

// everyProcessWorks asks more at once than there are processes, which each hold connections of before the last fault. None
// may be dead, and none may have left a transaction open.
func (o *outage) everyProcessWorks(t *testing.T) {
	t.Helper()
	ids := slices.Collect(maps.Keys(o.names))
	var asked sync.WaitGroup
	for i := range min(60, len(ids)) {
		asked.Go(func() {
			if err := o.owner.Do(t.Context(), http.MethodGet, "/v1/members/"+ids[i], "", nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	asked.Wait()
	var open int
	if err := o.connect(t).QueryRow(t.Context(), "select count(*) from pg_stat_activity where usename like 'fitkit%' and state like 'idle in transaction%'").Scan(&open); err != nil || open > 0 {
		t.Errorf("%d transactions are left open, %v", open, err)
	}
}
