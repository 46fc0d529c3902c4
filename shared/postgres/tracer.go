package postgres

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"fitkit/shared/obs"
	"fitkit/shared/tenancy"
)

// tracer tells the invocation's event how long the database took: the wait for a connection, and every round trip. With a
// log it also writes each statement's first line and time, never its values (DB_LOGGING).
type tracer struct{ log *slog.Logger }

type (
	waitKey  struct{} // of a connection
	queryKey struct{}
	batchKey struct{}
)

type queryStart struct {
	sql string
	at  time.Time
}

func took(ctx context.Context, start any) {
	if at, ok := start.(time.Time); ok {
		obs.Took(ctx, "db_ms", time.Since(at))
	}
}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (t *tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return context.WithValue(ctx, waitKey{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (t *tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	took(ctx, ctx.Value(waitKey{}))
}

// TraceQueryStart implements pgx.QueryTracer.
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, queryKey{}, queryStart{d.SQL, time.Now()})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	s, ok := ctx.Value(queryKey{}).(queryStart)
	if !ok {
		return
	}
	took(ctx, s.at)
	if t.log != nil {
		t.log.Info("query", "sql", firstLine(s.sql), "ms", time.Since(s.at).Milliseconds(), "failed", d.Err != nil)
	}
}

// TraceBatchStart implements pgx.BatchTracer.
func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return context.WithValue(ctx, batchKey{}, time.Now())
}

// TraceBatchQuery implements pgx.BatchTracer.
func (t *tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	if at, ok := ctx.Value(batchKey{}).(time.Time); ok && t.log != nil {
		t.log.Info("query", "sql", firstLine(d.SQL), "ms", time.Since(at).Milliseconds(), "failed", d.Err != nil, "batch", true)
	}
}

// TraceBatchEnd implements pgx.BatchTracer.
func (t *tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	took(ctx, ctx.Value(batchKey{}))
}

func firstLine(sql string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(sql), "\n")
	return line
}

// toldOrg puts the organisation that somebody turned out to be in into the invocation's event. A job and a cron name theirs
// themselves.
func toldOrg(ctx context.Context, c *tenancy.Caller, e tenancy.Entered) {
	if c != nil && c.Org.IsZero() && !e.Org.IsZero() {
		obs.Add(ctx, "org", e.Org)
	}
}
