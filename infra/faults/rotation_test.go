package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/outbox"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
)

// writers are as many people who change cards, IDs and credentials while a rotation runs.
const writers = 100

// TestARotationSurvivesKillsUnderWriters is S8: values of two studios are sealed anew by the job's real binary, which dies by
// kill -9 at every point, while 100 writers change them, some of them from functions that still have the former key. In the
// end every value opens under the new key alone and says what was written to it last, and national IDs are found as before.
func TestARotationSurvivesKillsUnderWriters(t *testing.T) {
	old := rotationtest.Ring(t, secret.Secret(billingtest.Key))
	both := rotationtest.Ring(t, rotationtest.New, secret.Secret(billingtest.Key))
	fresh, former := rotationtest.New.Reveal(), billingtest.Key
	r := newRig(t, options{maxTimeout: 3 * time.Second, again: 5 * time.Second, workers: 2, variables: map[string]string{
		"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": fresh, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS": former,
		"NATIONAL_ID_ENCRYPTION_KEY": fresh, "NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS": former, "NATIONAL_ID_INDEX_KEY": rotationtest.Index.Reveal(),
	}})
	r.Exec(t, "delete from gateways where org_id = $1", r.Org)
	for range 2 {
		rotationtest.Studio(t, r.Database, old, figure(1000, 25_000))
	}
	store := rotation.NewStore(r.System, rotation.Rings{seal.PaymentCredentials: both, seal.NationalIDs: both})
	w := newWriting(t, r.Database, seeded(t), old, both)
	work := r.line(t, reencrypt)
	r.crashes.order(t, reencrypt, fmt.Sprintf("any %d", figure(5, 15)))
	for _, ring := range seal.Rings() {
		if _, err := store.Start(t.Context(), ring, "user_admin"); err != nil {
			t.Fatal(err)
		}
	}
	work.Start()
	r.wake(t)
	kills := figure(8, 50)
	until(t, fmt.Sprintf("%d workers have died", kills), func() bool {
		r.relayLost(t)
		return total(r.crashes.counted(t)) >= kills
	})
	r.crashes.order(t, reencrypt)
	w.stale.Store(false) // now every function has the new key
	r.settle(t, work)
	w.stop()
	r.settle(t, work)
	for _, ro := range r.rotations(t, store) {
		t.Logf("%s: %s after %d passes, %d values sealed anew", ro.Ring, ro.State, ro.Passes, ro.Resealed)
		if ro.State != rotation.Done {
			t.Errorf("%s is %s", ro.Ring, ro.State)
		}
	}
	n := rotationtest.Audit(t, r.Database, rotationtest.Ring(t, rotationtest.New), w.written)
	t.Logf("%d values, %d written meanwhile by %d writers; died: %v", n, len(w.written), writers, r.crashes.counted(t))
	if len(w.written) < writers {
		t.Errorf("only %d values were written meanwhile", len(w.written))
	}
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// wake sends what waits for the relay at once: the store of this test sends nothing itself.
func (r *rig) wake(t testing.TB) {
	t.Helper()
	r.Exec(t, "update jobs set created_at = created_at - interval '1 minute' where state = 'ready' and sent_at is null")
	r.run(t, relay)
}

// relayLost lets the relay send again what has gone through its receives, as it does after half an hour, and what its writer
// died before sending, as it does after a minute.
func (r *rig) relayLost(t testing.TB) {
	t.Helper()
	if n := postgrestest.Get[int](t, r.Database, "select count(*) from jobs where state = 'ready' and sent_at is null and created_at < now() - interval '5 seconds'"); n > 0 {
		r.wake(t)
	}
	if n := r.Exec(t, `update jobs set sent_at = sent_at - $1::interval where state = 'ready' and sent_at < now() - interval '40 seconds'
		and (lease_until is null or lease_until < now())`, outbox.ResendAfter.String()); n > 0 {
		r.run(t, relay)
	}
}

func (r *rig) rotations(t testing.TB, s *rotation.Store) []rotation.Rotation {
	t.Helper()
	list, err := s.Latest(t.Context())
	if err != nil || len(list) != len(seal.Rings()) {
		t.Fatalf("%d rotations: %v", len(list), err)
	}
	return list
}

// place is one value's row.
type place struct {
	column   seal.Column
	org, row id.Org
}

// each is how many rows a writer has: most values are the rotation's alone.
const each = 5

// writing is people at work. Each has rows of their own, so that it is known who wrote last.
type writing struct {
	stale   atomic.Bool // some functions still have the former key
	stop    func()
	mu      sync.Mutex
	written map[string]string
}

func newWriting(t testing.TB, db *postgrestest.Database, chance *rand.Rand, old, fresh *seal.Ring) *writing {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), db.AdminURL+"&pool_max_conns=20")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := &writing{written: map[string]string{}}
	w.stale.Store(true)
	all := places(t, pool)
	chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var people sync.WaitGroup
	w.stop = func() { cancel(); people.Wait(); pool.Close() }
	t.Cleanup(w.stop)
	for i := range writers {
		people.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				at := all[i+writers*chance.IntN(each)]
				ring := fresh
				if w.stale.Load() && n%4 == 0 {
					ring = old
				}
				if err := w.write(ctx, pool, ring, at, fmt.Sprintf("%d by %d", n, i)); err != nil && ctx.Err() == nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				pause(ctx, chance)
			}
		})
	}
	return w
}

// pause is a person's breath between two changes; the test waits for none of them.
func pause(ctx context.Context, chance *rand.Rand) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(100+chance.IntN(400)) * time.Millisecond):
	}
}

// places is every sealed value there is.
func places(t testing.TB, pool *pgxpool.Pool) (all []place) {
	t.Helper()
	for _, ring := range seal.Rings() {
		for _, c := range seal.Columns(ring) {
			rows, err := pool.Query(t.Context(), fmt.Sprintf("select org_id, %s from %s", c.RowID, c.Table))
			if err != nil {
				t.Fatal(err)
			}
			at := place{column: c}
			if _, err := pgx.ForEachRow(rows, []any{&at.org, &at.row}, func() error { all = append(all, at); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// write changes a value as functions do. It finishes what it began, or nobody would know what the row says.
func (w *writing) write(ctx context.Context, pool *pgxpool.Pool, ring *seal.Ring, at place, text string) error {
	if ctx.Err() != nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	envelope, key := ring.Seal([]byte(text), at.column.At(at.org, at.row)), ring.ActiveKey()
	set, args := "", []any{at.org, at.row, envelope, key[:]}
	if at.column == seal.NationalID {
		set, args = ", blind_index = $5", append(args, rotationtest.Digest(at.org, text))
	}
	_, err := pool.Exec(ctx, fmt.Sprintf("update %s set %s = $3, key_id = $4%s where org_id = $1 and %s = $2", at.column.Table, at.column.Name, set, at.column.RowID), args...)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written[rotationtest.Name(at.column, at.row)] = text
	return nil
}
