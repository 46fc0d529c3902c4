package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fitkit/infra/local/poller"
	"fitkit/infra/local/stores"
)

// faults is how much is broken on purpose. It is a flag.Value.
type faults string

const (
	faultsNone  faults = ""
	faultsKills faults = "1"   // function processes die
	faultsAll   faults = "all" // and so do the stores and the platform; messages come twice and out of order
)

// Set reads the flag.
func (f *faults) Set(text string) error {
	switch text {
	case "", "0", "false":
		*f = faultsNone
	case "1", "true":
		*f = faultsKills
	case "all":
		*f = faultsAll
	default:
		return errors.New("say 1 or all")
	}
	return nil
}

// String is what Set reads, or "none".
func (f *faults) String() string {
	if *f == faultsNone {
		return "none"
	}
	return string(*f)
}

func (f *faults) any() bool { return *f != faultsNone }

// delivery is how SQS behaves at its worst: a fifth of the batches go to two workers at once, none in order.
var delivery = poller.Switches{Duplicate: 0.2, Reorder: true, Delay: 50 * time.Millisecond}

// day is the studio's business day of a month on which something breaks: charges fall due on the first ones, the rungs of the
// dunning ladder come after.
type day struct {
	of   int
	name string
	do   func(*demo, context.Context) error
}

// disturbances happen while a day's work is under way.
var disturbances = []day{
	{2, "PostgreSQL is restarted at once, without a shutdown", (*demo).losePostgres},
	{3, "Redis goes", (*demo).loseRedis},
	{4, "SQS loses every message", (*demo).loseQueue},
	{6, "PostgreSQL is restarted again", (*demo).losePostgres},
}

// disturbed lives through the days of a month on which something breaks. The platform restarts in the middle month.
func (d *demo) disturbed(ctx context.Context, month int) error {
	if d.faults != faultsAll {
		return nil
	}
	days := disturbances
	if month == (d.months+1)/2 {
		days = append(days[:len(days):len(days)], day{8, "the whole platform is restarted", (*demo).loseAll})
	}
	d.system.own.Poller.SetSwitches(delivery)
	for _, x := range days {
		// 07:30 in Israel is before the day's due instants, so its work begins with the step to noon.
		morning := opening.AddDate(0, month-1, x.of-1).Add(-30 * time.Minute)
		if err := d.advance(ctx, morning); err != nil {
			return err
		}
		c, err := d.setClock(ctx, map[string]any{"advance_to": morning.Add(6 * time.Hour)})
		if err != nil {
			return err
		}
		if err := pause(ctx, time.Duration(200+d.random.IntN(300))*time.Millisecond); err != nil {
			return err
		}
		say("  %s: %s (work under way: %s, %d jobs open)", morning.Format(time.DateOnly), x.name, c.Status, c.OpenJobs)
		if err := x.do(d, ctx); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		if err := d.arrive(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) losePostgres(ctx context.Context) error { return d.interrupt(ctx, stores.PostgreSQL) }

func (d *demo) loseQueue(ctx context.Context) error { return d.interrupt(ctx, stores.SQS) }

func (d *demo) interrupt(ctx context.Context, store string) error {
	back, err := d.system.own.Interrupt(store)
	if err != nil {
		return err
	}
	return back(ctx)
}

// loseRedis lets the day's work end before Redis is back: nothing may have waited for it.
func (d *demo) loseRedis(ctx context.Context) error {
	back, err := d.system.own.Interrupt(stores.Redis)
	if err != nil {
		return err
	}
	if err := d.health(ctx, "degraded"); err != nil {
		return err
	}
	c, err := d.setClock(ctx, map[string]any{})
	if err == nil {
		err = d.arrive(ctx, c)
	}
	if err != nil {
		return err
	}
	say("    the day's work is done without it; Redis comes back")
	if err := back(ctx); err != nil {
		return err
	}
	return d.health(ctx, "ok")
}

// health waits until /healthz tells this status: a probe that fell into a fault may tell another for a moment.
func (d *demo) health(ctx context.Context, want string) error {
	var h struct{ Status string }
	var err error
	for range patience {
		if err = get(ctx, d.at.API+"/healthz", &h); err == nil && h.Status == want {
			return nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
	return fmt.Errorf("GET /healthz tells %q for a minute, not %q (%w)", h.Status, want, err)
}

func (d *demo) loseAll(ctx context.Context) error {
	if err := d.system.restart(ctx); err != nil {
		return err
	}
	d.system.own.Poller.SetSwitches(delivery)
	return nil
}
