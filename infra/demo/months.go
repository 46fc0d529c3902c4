package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"fitkit/infra/local/seed"
	"fitkit/infra/migrate"
)

// liveMonths advances the studio's clock month by month. The schedules fire too, as they would in AWS: that they and
// the clock find the same work twice must change nothing.
func (d *demo) liveMonths(ctx context.Context) error {
	if d.faults.any() {
		stop := d.killing(ctx)
		defer stop()
	}
	for month := 1; month <= d.months; month++ {
		// A month's charges fall due on its first days, so that at its end the last rung of every ladder has been taken.
		until := opening.AddDate(0, month, 0)
		if err := d.fireCrons(ctx); err != nil {
			return err
		}
		if err := d.disturbed(ctx, month); err != nil {
			return err
		}
		if err := d.migrating(ctx, month, func() error { return d.advance(ctx, until) }); err != nil {
			return err
		}
		say("  month %d of %d is over (%s)", month, d.months, until.Format(time.DateOnly))
		if month == 1 && d.release.then != "" {
			if err := d.system.goOn(ctx, d.release.then); err != nil {
				return err
			}
		}
		if month < d.months {
			if err := d.newCards(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// migrating lives a month while, in the first, the schema changes under it.
func (d *demo) migrating(ctx context.Context, month int, live func() error) error {
	if month != 1 || !d.release.migrate {
		return live()
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(live)
	both.Go(func() error {
		if err := migrate.Up(ctx, d.at.Database, migrate.Logins{}); err != nil {
			return err
		}
		say("  the database has this checkout's schema now")
		return nil
	})
	return both.Wait()
}

// clock is the answer of POST /v1/org/test-clock.
type clock struct {
	Now      time.Time `json:"now"`
	Status   string    `json:"status"`
	OpenJobs int       `json:"open_jobs"`
}

// advance sends the clock forward and waits until it is there and the queues are drained.
func (d *demo) advance(ctx context.Context, to time.Time) error {
	c, err := d.setClock(ctx, map[string]any{"advance_to": to})
	if err != nil {
		return err
	}
	return d.arrive(ctx, c)
}

// setClock asks until it is answered where faults may stand in the way: with one key, so that it is asked for once.
func (d *demo) setClock(ctx context.Context, in map[string]any) (c clock, err error) {
	key := newKey()
	for range patience {
		err = d.owner.Do(ctx, http.MethodPost, "/v1/org/test-clock", key, in, &c)
		var p *seed.Problem
		if err == nil || d.faults != faultsAll || errors.As(err, &p) && p.Status < 500 {
			return c, err
		}
		if err := pause(ctx, time.Second); err != nil {
			return c, err
		}
	}
	return c, err
}

// patience is for how many seconds a request is tried again while faults are about.
const patience = 60

// arrive waits until the clock is where it was sent and no job is open.
func (d *demo) arrive(ctx context.Context, clock clock) (err error) {
	shown := time.Now()
	for clock.Status != "ready" || clock.OpenJobs > 0 {
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
		if clock, err = d.setClock(ctx, map[string]any{}); err != nil {
			return err
		}
		if time.Since(shown) > 5*time.Second {
			shown = time.Now()
			say("  %s, %d jobs open%s", clock.Now.Format("2006-01-02 15:04"), clock.OpenJobs, d.killed())
		}
	}
	d.clock = clock.Now
	return nil
}

func (d *demo) killed() string {
	if !d.faults.any() {
		return ""
	}
	return fmt.Sprintf(", %d processes killed", d.kills.Load())
}

func pause(ctx context.Context, t time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t):
		return nil
	}
}

func (d *demo) fireCrons(ctx context.Context) error {
	for _, name := range []string{"cron-billing-plan-charges", "cron-membership-apply-events", "cron-billing-sweep-unknown", "cron-billing-run-dunning", "cron-job-relay"} {
		if !d.system.has(name) {
			continue
		}
		if err := post(ctx, d.at.API+"/_local/cron/"+name+"/run", map[string]any{}); err != nil {
			return err
		}
	}
	return nil
}

// newCards lets half of the members whose card does not work save one that does; their debts are tried at once.
func (d *demo) newCards(ctx context.Context) error {
	saved := 0
	for _, m := range d.members {
		hopeless := m.card == "4580000000000036" || m.card == "4580000000000001" || m.card == "4580000000000006" || m.card == "4580000000000004"
		if !hopeless || d.random.IntN(2) == 0 {
			continue
		}
		m.card = seed.CardApproves
		if err := d.saveCard(ctx, m, m.card); err != nil {
			return err
		}
		saved++
	}
	say("  %d members saved a new card", saved)
	return d.advance(ctx, d.clock.Add(15*time.Minute))
}
