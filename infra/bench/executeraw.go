package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"fitkit/shared/id"
)

// protocol is the statements that one charge takes, in their order, as the packages that own them wrote them.
type protocol struct {
	enter, takeJob, claim, approve, tooLate, isFirst, endJob string
}

func readProtocol() (p protocol, err error) {
	for _, one := range []struct {
		into         *string
		folder, name string
	}{
		{&p.enter, "shared/postgres", "sqlEnterOrg"}, {&p.takeJob, "shared/queue", "sqlTake"},
		{&p.claim, "shared/billing", "sqlClaim"}, {&p.approve, "shared/billing", "sqlApprove"},
		{&p.tooLate, "shared/billing", "sqlFoundTooLate"}, {&p.isFirst, "shared/billing", "sqlIsFirst"}, {&p.endJob, "shared/queue", "sqlDone"},
	} {
		if *one.into, err = statement(one.folder, one.name); err != nil {
			return p, err
		}
	}
	return p, nil
}

// rawCrew runs the same statements in the same transactions with bare pgx, each worker on a connection that it keeps, without
// a queue and without a provider.
type rawCrew struct {
	s     *system
	p     protocol
	conns []*pgx.Conn
}

func (s *system) openRawCrew(ctx context.Context, workers int) (*rawCrew, error) {
	p, err := readProtocol()
	if err != nil {
		return nil, err
	}
	c := &rawCrew{s: s, p: p}
	for range workers {
		conn, err := rawConn(ctx, s.Variables["DATABASE_URL"])
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns = append(c.conns, conn)
	}
	return c, nil
}

func (c *rawCrew) close() {
	for _, conn := range c.conns {
		conn.Close(context.Background())
	}
}

// execute collects the charges and answers charges a second.
func (c *rawCrew) execute(ctx context.Context, list []due) (float64, error) {
	work := newStopwatch(len(c.conns), len(list))
	var next atomic.Int64
	group, all := errgroup.WithContext(ctx)
	for _, conn := range c.conns {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				if err := c.p.execute(all, conn, list[i]); err != nil {
					return err
				}
				work.lap()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return work.rate(), c.s.allDone(ctx, list)
}

func rawConn(ctx context.Context, databaseURL string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("DATABASE_URL cannot be read")
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	return pgx.ConnectConfig(ctx, config)
}

// execute collects one charge of a provider that takes no time.
func (p protocol) execute(ctx context.Context, conn *pgx.Conn, d due) error {
	attempt := id.New[id.Attempt]().String()
	key := "fk-" + strings.ReplaceAll(attempt, "-", "")
	for _, transaction := range [][]call{
		{{p.takeJob, []any{d.job, "41s"}}, {p.claim, []any{d.charge, attempt, key, 0, "8s", 4, 10}}},
		{{p.approve, []any{attempt, key, "000", 25000}}, {p.tooLate, []any{attempt, key, "250.00"}}, {p.isFirst, []any{attempt}}, {p.endJob, []any{d.job}}},
	} {
		if err := p.send(ctx, conn, d.org, transaction); err != nil {
			return fmt.Errorf("collect charge %s: %w", d.charge, err)
		}
	}
	return nil
}

type call struct {
	sql  string
	args []any
}

// send runs one transaction in one round trip: the organisation's entry, then the calls.
func (p protocol) send(ctx context.Context, conn *pgx.Conn, org string, calls []call) error {
	b := &pgx.Batch{}
	b.Queue(p.enter, org, "bench").Query(read)
	for _, c := range calls {
		b.Queue(c.sql, c.args...).Query(read)
	}
	return conn.SendBatch(ctx, b).Close()
}

// read takes the answer in whole.
func read(rows pgx.Rows) error {
	for rows.Next() {
		if _, err := rows.Values(); err != nil {
			return err
		}
	}
	return rows.Err()
}
