package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

// TestAPoolAtItsLimitKeepsNobodyBeyondTheDeadline (T10): whoever gets no connection is told so when the request's time is over, nobody
// waits for two, and the pool works on as soon as it is let go. It was seen red with a connection taken without the caller's deadline.
func TestAPoolAtItsLimitKeepsNobodyBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	org := id.New[id.Org]()
	db.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 's')", org)
	const connections, callers = 2, 30
	pool, err := postgres.Open(postgres.Config{URL: db.AppURL, MaxConns: connections, ExecMode: pgx.QueryExecModeCacheStatement})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	caller := tenancy.ForOrg(org, "test")
	one := func(tx postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "select 1")
		return err
	}
	batch := func(send func(context.Context, tenancy.Caller, *postgres.Batch) (tenancy.Entered, error)) func(context.Context) error {
		return func(ctx context.Context) error {
			b := &postgres.Batch{}
			b.Queue("select 1")
			_, err := send(ctx, caller, b)
			return err
		}
	}
	ways := []func(context.Context) error{
		func(ctx context.Context) error {
			return pool.InOrg(ctx, caller, func(tx postgres.Tx) error { _, err := tx.Exec(ctx, "select 1"); return err })
		},
		batch(pool.ReadInOrg), batch(pool.WriteInOrg),
	}
	everybody := func(patience time.Duration, want error) {
		var waiting sync.WaitGroup
		for i := range callers {
			waiting.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if err := ways[i%len(ways)](ctx); !errors.Is(err, want) {
					t.Errorf("caller %d got %v, want %v", i, err, want)
				}
			})
		}
		waiting.Wait()
	}

	letGo := make(chan struct{})
	var held, holders sync.WaitGroup
	for range connections {
		held.Add(1)
		holders.Go(func() {
			err := pool.InOrg(t.Context(), caller, func(tx postgres.Tx) error {
				err := one(tx)
				held.Done()
				<-letGo
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	held.Wait()
	everybody(300*time.Millisecond, postgres.ErrUnavailable)
	close(letGo)
	holders.Wait()
	everybody(30*time.Second, nil)
}
