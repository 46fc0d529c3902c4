package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"fitkit/shared/id"
	"fitkit/shared/tenancy"
)

// Tx is one transaction inside one organisation.
type Tx struct{ s *session }

// Staged is a job that the transaction inserted; it is sent to its queue right after commit.
type Staged struct {
	ID          id.Job
	Org         id.Org
	Queue       string
	Payload     []byte
	Correlation string
	AvailableAt time.Time
}

// session is the connection and state behind a Tx. BEGIN and enter wait for the first statement.
type session struct {
	pool    *pgxpool.Pool
	caller  *tenancy.Caller // nil: system role
	conn    *pgxpool.Conn
	began   bool
	done    bool
	entered tenancy.Entered
	staged  []Staged
}

// InOrg runs fn in one transaction of c's organisation. BEGIN and the entry are held back and go with fn's first
// statement. In a request that carries an Idempotency-Key, fn joins the request's own transaction, which the edge
// commits together with the stored answer. Errors of fn roll everything back.
func (db *DB) InOrg(ctx context.Context, c tenancy.Caller, fn func(Tx) error) error {
	if u := unitFrom(ctx); u != nil {
		return u.join(ctx, fn)
	}
	s := &session{pool: db.pool(), caller: &c}
	if err := transact(ctx, s, fn); err != nil {
		return err
	}
	db.committed(ctx, s.staged)
	return nil
}

// Exec runs a statement and says how many rows it touched.
func (tx Tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if tx.s.began {
		tag, err := tx.s.conn.Exec(ctx, sql, args...)
		return tag.RowsAffected(), err
	}
	var tag pgconn.CommandTag
	b := &pgx.Batch{}
	b.Queue(sql, args...).Exec(func(t pgconn.CommandTag) error { tag = t; return nil })
	err := tx.Send(ctx, b)
	return tag.RowsAffected(), err
}

// QueryRow reads one row; pgx.ErrNoRows when there is none.
func (tx Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if tx.s.began {
		return tx.s.conn.QueryRow(ctx, sql, args...)
	}
	return firstRow{ctx, tx, sql, args}
}

// firstRow holds a first statement back until Scan, when it goes out together with BEGIN and enter.
type firstRow struct {
	ctx  context.Context
	tx   Tx
	sql  string
	args []any
}

func (r firstRow) Scan(dest ...any) error {
	b := &pgx.Batch{}
	b.Queue(r.sql, r.args...).QueryRow(func(row pgx.Row) error { return row.Scan(dest...) })
	return r.tx.Send(r.ctx, b)
}

// Query reads rows; the caller closes them before the next statement (pgx.CollectRows does).
func (tx Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := tx.begin(ctx); err != nil {
		return nil, err
	}
	return tx.s.conn.Query(ctx, sql, args...)
}

// Send runs the queued statements in one round trip, with BEGIN and enter in front when they are still to come.
func (tx Tx) Send(ctx context.Context, b *pgx.Batch) error {
	if tx.s.began {
		return tx.s.conn.SendBatch(ctx, b).Close()
	}
	if err := tx.s.acquire(ctx); err != nil {
		return err
	}
	tx.s.began = true
	whole := &pgx.Batch{}
	whole.Queue("begin")
	tx.s.queueEnter(whole)
	whole.QueuedQueries = append(whole.QueuedQueries, b.QueuedQueries...)
	err := tx.s.conn.SendBatch(ctx, whole).Close()
	toldOrg(ctx, tx.s.caller, tx.s.entered)
	return err
}

func (tx Tx) begin(ctx context.Context) error {
	if tx.s.began {
		return nil
	}
	return tx.Send(ctx, &pgx.Batch{})
}

// Enter establishes the organisation now, for a caller that needs Entered before its first statement.
func (tx Tx) Enter(ctx context.Context) (tenancy.Entered, error) {
	err := tx.begin(ctx)
	return tx.s.entered, err
}

// Entered is who the caller proved to be; zero until the first statement has run.
func (tx Tx) Entered() tenancy.Entered { return tx.s.entered }

// Now is the organisation's business time: its test clock's when it has one.
func (tx Tx) Now() time.Time { return tx.s.entered.Now }

// Stage notes a job whose row this transaction inserted, to be sent after commit.
func (tx Tx) Stage(j Staged) { tx.s.staged = append(tx.s.staged, j) }

func (s *session) acquire(ctx context.Context) (err error) {
	if s.conn == nil {
		s.conn, err = s.pool.Acquire(ctx)
	}
	return err
}

// errRolledBack: COMMIT of a transaction that a statement's error had already ended answers ROLLBACK, not an error.
func commitTag(tag pgconn.CommandTag) error {
	if tag.String() != "COMMIT" {
		return pgx.ErrTxCommitRollback
	}
	return nil
}

func (s *session) commit(ctx context.Context) error {
	if !s.began {
		return nil
	}
	s.done = true
	tag, err := s.conn.Exec(ctx, "commit")
	if err != nil {
		return err
	}
	return commitTag(tag)
}

func (s *session) release() {
	if s.conn == nil {
		return
	}
	if s.conn.Conn().PgConn().TxStatus() != 'I' && !s.conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
		defer cancel()
		_, _ = s.conn.Exec(ctx, "rollback") // a connection that cannot roll back is closed by the pool on release
	}
	s.conn.Release()
	s.conn = nil
}
