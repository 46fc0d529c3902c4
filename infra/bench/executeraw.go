package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"fitkit/shared/id"
)

// protocol is the statements that charges of a studio take, in their order, as the packages that own them wrote them.
type protocol struct {
	enter, takeJobs, claim, approve, tooLate, isFirst, endJobs string
}

func readProtocol() (p protocol, err error) {
	for _, one := range []struct {
		into         *string
		folder, name string
	}{
		{&p.enter, "shared/postgres", "sqlEnterOrg"}, {&p.takeJobs, "shared/queue", "sqlTakeAll"},
		{&p.claim, "shared/billing", "sqlClaim"}, {&p.approve, "shared/billing", "sqlApprove"},
		{&p.tooLate, "shared/billing", "sqlFoundTooLate"}, {&p.isFirst, "shared/billing", "sqlIsFirst"}, {&p.endJobs, "shared/queue", "sqlDone"},
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
	groups := together(list)
	var next atomic.Int64
	crew, all := errgroup.WithContext(ctx)
	for _, conn := range c.conns {
		crew.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(groups)); i = next.Add(1) - 1 {
				if err := c.p.execute(all, conn, groups[i]); err != nil {
					return err
				}
				work.lap(len(groups[i]))
			}
			return nil
		})
	}
	if err := crew.Wait(); err != nil {
		return 0, err
	}
	return work.rate(), c.s.allDone(ctx, list)
}

// batchSize is how many charges the function gets at once.
const batchSize = 10

// together parts the list as the function gets it: batches, and of each those of a studio.
func together(list []due) (groups [][]due) {
	for batch := range slices.Chunk(list, batchSize) {
		for len(batch) > 0 {
			n := slices.IndexFunc(batch, func(d due) bool { return d.org != batch[0].org })
			if n < 0 {
				n = len(batch)
			}
			groups, batch = append(groups, batch[:n]), batch[n:]
		}
	}
	return groups
}

func rawConn(ctx context.Context, databaseURL string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("DATABASE_URL cannot be read")
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	return pgx.ConnectConfig(ctx, config)
}

// execute collects charges of one studio, from a provider that takes no time.
func (p protocol) execute(ctx context.Context, conn *pgx.Conn, group []due) error {
	n := len(group)
	charges, jobs, attempts, keys := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	codes, amounts, texts := make([]string, n), make([]int64, n), make([]string, n)
	for i, d := range group {
		charges[i], jobs[i], attempts[i] = d.charge, d.job, id.New[id.Attempt]().String()
		keys[i] = "fk-" + strings.ReplaceAll(attempts[i], "-", "")
		codes[i], amounts[i], texts[i] = "000", 25000, "250.00"
	}
	for _, transaction := range [][]call{
		{{p.takeJobs, []any{jobs, "41s"}}, {p.claim, []any{charges, attempts, keys, make([]int, n), "8s", 4, 10}}},
		{{p.approve, []any{attempts, keys, codes, amounts}}, {p.tooLate, []any{attempts, keys, texts}}, {p.isFirst, []any{attempts}}, {p.endJobs, []any{jobs}}},
	} {
		if err := p.send(ctx, conn, group[0].org, transaction); err != nil {
			return fmt.Errorf("collect charges: %w", err)
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
