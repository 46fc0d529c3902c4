package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const roundTripReads = 2000

var execModes = []struct {
	name string
	mode pgx.QueryExecMode
}{{"cache_statement", pgx.QueryExecModeCacheStatement}, {"cache_describe", pgx.QueryExecModeCacheDescribe}, {"exec", pgx.QueryExecModeExec}}

// way is one manner of reading a member inside its organisation.
type way struct {
	name string
	read func(ctx context.Context) error
	took sample
}

// roundTrips compares a read sent statement by statement with the same read in one round trip, near and far. It is what
// docs/decisions on round trips rests on.
func (s *system) roundTrips(ctx context.Context, member id.Member) ([]figure, error) {
	near, err := url.Parse(s.Variables["DATABASE_URL"])
	if err != nil {
		return nil, errors.New("DATABASE_URL cannot be read")
	}
	far, closeFar, err := addMillisecond(near)
	if err != nil {
		return nil, err
	}
	defer closeFar()
	var figures []figure
	for _, place := range []struct {
		name, url string
		reads     int
	}{
		{"Unix socket", onSocket(near, s.Stores.SocketDir), roundTripReads}, {"TCP", near.String(), roundTripReads},
		{"TCP and 1 ms", far, roundTripReads / 10},
	} {
		ways, closeWays, err := waysAt(ctx, place.url, member)
		if err == nil {
			err = takeTurns(ctx, ways, s.times(place.reads))
		}
		closeWays()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", place.name, err)
		}
		for _, w := range ways {
			figures = append(figures, figure{name: "read over " + place.name + ", " + w.name, value: w.took.median(), spread: w.took.medians(runs), unit: "µs", none: true})
		}
	}
	return figures, nil
}

// addMillisecond is the same database behind a proxy that delays its answers by 1 ms.
func addMillisecond(near *url.URL) (string, func(), error) {
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(proxies, "postgres", "127.0.0.1:0", near.Host)
	if err := proxy.Start(); err != nil {
		return "", nil, fmt.Errorf("start the slow way to Postgres: %w", err)
	}
	_, err := proxy.Toxics.AddToxicJson(strings.NewReader(`{"name":"far","type":"latency","stream":"downstream","attributes":{"latency":1}}`))
	if err != nil {
		proxy.Stop()
		return "", nil, fmt.Errorf("slow the way to Postgres down: %w", err)
	}
	far := *near
	far.Host = proxy.Listen
	return far.String(), proxy.Stop, nil
}

func onSocket(near *url.URL, dir string) string {
	u := *near
	query := u.Query()
	query.Set("host", dir)
	query.Set("port", u.Port())
	u.Host, u.RawQuery = "", query.Encode()
	return u.String()
}

func waysAt(ctx context.Context, databaseURL string, member id.Member) (ways []*way, closeAll func(), err error) {
	var closers []func()
	closeAll = func() {
		for _, c := range closers {
			c()
		}
	}
	enter, err := statement("shared/postgres", "sqlEnter")
	if err != nil {
		return nil, closeAll, err
	}
	get, err := statement("shared/member", "sqlGet")
	if err != nil {
		return nil, closeAll, err
	}
	for _, m := range execModes {
		db, err := postgres.Open(postgres.Config{URL: databaseURL, ExecMode: m.mode})
		if err != nil {
			return nil, closeAll, err
		}
		closers = append(closers, db.Close)
		config, err := pgx.ParseConfig(databaseURL)
		if err != nil {
			return nil, closeAll, errors.New("DATABASE_URL cannot be read")
		}
		config.DefaultQueryExecMode = m.mode
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return nil, closeAll, err
		}
		closers = append(closers, func() { _ = conn.Close(context.Background()) }) // nothing is left to lose on it
		ways = append(ways,
			&way{name: "one by one, " + m.name, read: func(ctx context.Context) error { return oneByOne(ctx, conn, enter, get, member) }},
			&way{name: "pipelined, " + m.name, read: func(ctx context.Context) error { return pipelined(ctx, db, get, member) }})
	}
	return ways, closeAll, nil
}

// takeTurns runs each way once before it runs the first again. The first tenth is for caches to fill.
func takeTurns(ctx context.Context, ways []*way, n int) error {
	for i := range n + n/10 {
		for _, w := range ways {
			began := time.Now()
			if err := w.read(ctx); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			if i >= n/10 {
				w.took.add(time.Since(began))
			}
		}
	}
	return nil
}

// oneByOne waits for each of four answers: begin, enter, select, commit.
func oneByOne(ctx context.Context, conn *pgx.Conn, enter, get string, member id.Member) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		c := benchCaller()
		for _, q := range []struct {
			sql  string
			args []any
		}{{enter, []any{c.ClerkOrg, c.ClerkSlug, c.ClerkRole, c.HeaderOrg, c.UserID, []string{"owner"}}}, {get, []any{member}}} {
			rows, err := tx.Query(ctx, q.sql, q.args...)
			if err != nil {
				return err
			}
			if _, err := pgx.CollectExactlyOneRow(rows, consume); err != nil {
				return err
			}
		}
		return nil
	})
}

// pipelined is what every read of FitKit's does.
func pipelined(ctx context.Context, db *postgres.DB, get string, member id.Member) error {
	b := &postgres.Batch{}
	b.Queue(get, member).Query(func(rows pgx.Rows) error {
		_, err := pgx.CollectExactlyOneRow(rows, consume)
		return err
	})
	_, err := db.ReadInOrg(ctx, benchCaller(), b)
	return err
}

func benchCaller() tenancy.Caller {
	return tenancy.Caller{ClerkOrg: clerkOrg, ClerkRole: "admin", UserID: clerkUser, Allowed: []tenancy.Role{tenancy.Owner}}
}

// consume decodes a row as a handler would, into values of Go's own types.
func consume(row pgx.CollectableRow) (int, error) {
	values, err := row.Values()
	return len(values), err
}
