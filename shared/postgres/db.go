// Package postgres is the only way to the database. A statement runs inside an organisation (InOrg, ReadInOrg, WriteInOrg)
// or, for crons, as the system role with its narrow policies (SystemDB.Across); there is no other door.
//
// Round trips are what a request pays once Postgres is not on the same machine. So the transaction's start and the
// function that establishes the organisation travel with the first statement, and flows without a decision between
// their statements travel whole, as one implicit transaction.
package postgres

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config is the pool's settings. A Lambda process serves one request at a time, so two connections are plenty:
// a transaction and a look-up beside it.
type Config struct {
	URL         string
	MaxConns    int32             // default 2
	ExecMode    pgx.QueryExecMode // CacheStatement for what runs often, Exec for one-shot functions
	LogQueries  *slog.Logger      // nil: statements are not logged; never values
	Application string            // shown in pg_stat_activity
}

// Sender gets the jobs of a transaction right after its commit.
type Sender func(context.Context, []Staged)

// DB is a lazily connected pool of the app role.
type DB struct {
	pool     func() *pgxpool.Pool // made when it is first wanted: its goroutines would cost every start
	onCommit Sender
}

const (
	connectTimeout = 5 * time.Second
	// A connection unused for this long may have died while Lambda had the process frozen, when no keep-alive ran.
	pingAfter  = 20 * time.Second
	releasedAt = "fitkit.released_at"
)

// Open prepares a pool; nothing is dialled yet. Warm dials ahead of the first request.
func Open(c Config) (*DB, error) {
	pool, err := openPool(c)
	if err != nil {
		return nil, err
	}
	return &DB{pool: pool}, nil
}

// openPool reads all that is configured, and says what is wrong with it; the pool is made later.
func openPool(c Config) (func() *pgxpool.Pool, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errBadURL
	}
	pc.MaxConns = max(c.MaxConns, 1)
	if c.MaxConns == 0 {
		pc.MaxConns = 2
	}
	pc.MaxConnLifetime = 10 * time.Minute
	pc.MaxConnIdleTime = 5 * time.Minute
	pc.PingTimeout = time.Second
	pc.ConnConfig.DefaultQueryExecMode = c.ExecMode
	pc.ConnConfig.ConnectTimeout = connectTimeout
	pc.ConnConfig.DialFunc = (&net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second}).DialContext
	pc.ConnConfig.RuntimeParams["application_name"] = c.Application
	pc.ConnConfig.Tracer = &tracer{log: c.LogQueries}
	// Wall-clock, not monotonic: the monotonic clock stands still while the process is frozen.
	pc.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		t, ok := p.Conn.PgConn().CustomData()[releasedAt].(time.Time)
		return ok && time.Now().Round(0).Sub(t) > pingAfter
	}
	pc.AfterRelease = func(conn *pgx.Conn) bool {
		conn.PgConn().CustomData()[releasedAt] = time.Now().Round(0)
		return true
	}
	return sync.OnceValue(func() *pgxpool.Pool {
		pool, err := pgxpool.NewWithConfig(context.Background(), pc)
		if err != nil {
			panic(err) // pc was read by pgxpool itself and allows a connection: nothing else can be wrong
		}
		return pool
	}), nil
}

// Warm dials one connection and keeps it; run it in the background, so that it overlaps the process's start. Without
// Postgres the first request tells.
func (db *DB) Warm() { warm(db.pool()) }

func warm(pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if conn, err := pool.Acquire(ctx); err == nil {
		conn.Release()
	}
}

// Close ends all connections.
func (db *DB) Close() { db.pool().Close() }

// Ping says whether Postgres answers.
func (db *DB) Ping(ctx context.Context) error { return mapError(db.pool().Ping(ctx)) }

func (db *DB) committed(ctx context.Context, jobs []Staged) {
	if len(jobs) > 0 && db.onCommit != nil {
		db.onCommit(ctx, jobs)
	}
}

// SystemDB is the pool of the system role: it sees across organisations what its policies name, for crons and the relay.
type SystemDB struct {
	pool     func() *pgxpool.Pool
	onCommit Sender
}

// OpenSystem prepares the system role's pool.
func OpenSystem(c Config) (*SystemDB, error) {
	pool, err := openPool(c)
	if err != nil {
		return nil, err
	}
	return &SystemDB{pool: pool}, nil
}

// Warm dials one connection and keeps it.
func (db *SystemDB) Warm() { warm(db.pool()) }

// Close ends all connections.
func (db *SystemDB) Close() { db.pool().Close() }

// Ping says whether Postgres answers.
func (db *SystemDB) Ping(ctx context.Context) error { return mapError(db.pool().Ping(ctx)) }

// Across runs fn in one transaction of the system role.
func (db *SystemDB) Across(ctx context.Context, fn func(Tx) error) error {
	s := &session{pool: db.pool()}
	if err := transact(ctx, s, fn); err != nil {
		return err
	}
	if len(s.staged) > 0 && db.onCommit != nil {
		db.onCommit(ctx, s.staged)
	}
	return nil
}

// rollbackTimeout bounds the clean-up after a failed transaction, whose own context may have ended.
const rollbackTimeout = 2 * time.Second

func transact(ctx context.Context, s *session, fn func(Tx) error) (err error) {
	defer s.release()
	if err := fn(Tx{s}); err != nil {
		return mapError(err)
	}
	return mapError(s.commit(ctx))
}
