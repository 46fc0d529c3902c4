package billing

import (
	"context"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// A lease that ran out on a money action leads to a look-up, never to another run: claimed or sent becomes unknown.
// Look-ups whose time has come, and hosted pages that nobody told us about, are asked for here too.
const (
	sqlLapse = `
with lapsed as (
  update payment_attempts set state = 'unknown', code = 'lease_over', unknown_at = app.business_now(), next_lookup_at = app.business_now()
  where org_id = app.org() and state in ('claimed', 'sent') and lease_until < now()
  returning id
)
select count(*) from lapsed`
	sqlLookupsDue = `
select id, lookups from payment_attempts
where org_id = app.org() and state = 'unknown' and next_lookup_at <= app.business_now() limit 500`
	sqlPagesDue = `
update card_sessions set polls = polls + 1,
  next_poll_at = case polls when 0 then created_business + interval '1 hour' when 1 then created_business + interval '23 hours' when 2 then expires_at end
where org_id = app.org() and state = 'open' and next_poll_at <= app.business_now()
returning id, polls`
	sqlExpirePages = `update card_sessions set state = 'expired', next_poll_at = null
where org_id = app.org() and state in ('open', 'creating') and expires_at < app.business_now()`
)

// SweepOrg is the sweep in one organisation.
func (s *Store) SweepOrg(ctx context.Context, c tenancy.Caller) (n int64, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, sqlLapse).Scan(&n); err != nil {
			return err
		}
		lookups, err := s.enqueueLookups(ctx, tx)
		if err != nil {
			return err
		}
		polls, err := s.enqueuePolls(ctx, tx)
		n += lookups + polls
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlExpirePages)
		return err
	})
	return n, fail.Wrap(err, "sweep")
}

type numbered[T any] struct {
	ID T
	N  int
}

func (s *Store) enqueueLookups(ctx context.Context, tx postgres.Tx) (int64, error) {
	due, err := collect[numbered[id.Attempt]](ctx, tx, sqlLookupsDue)
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		if err := enqueueLookup(ctx, tx, d.ID, d.N); err != nil {
			return 0, err
		}
	}
	return int64(len(due)), nil
}

func (s *Store) enqueuePolls(ctx context.Context, tx postgres.Tx) (int64, error) {
	due, err := collect[numbered[id.CardSession]](ctx, tx, sqlPagesDue)
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		if err := enqueuePageCheck(ctx, tx, d.ID, "poll:"+itoa(d.N)); err != nil {
			return 0, err
		}
	}
	return int64(len(due)), nil
}

// orgsToSweep: organisations with something to sweep, by the system role's narrow view. Deleted ones too: money that was under
// way when a studio was deleted has moved or has not.
const sqlOrgsToSweep = `
select distinct o.id from orgs o
where (
  exists (select from payment_attempts a where a.org_id = o.id and a.state in ('claimed', 'sent') and a.lease_until < now())
  or exists (select from payment_attempts a where a.org_id = o.id and a.state = 'unknown' and a.next_lookup_at <= coalesce(o.test_now, now()))
  or exists (select from card_sessions s where s.org_id = o.id and s.state = 'open'
    and (s.next_poll_at <= coalesce(o.test_now, now()) or s.expires_at < coalesce(o.test_now, now()))))`

const sqlOldestUnknown = `
select coalesce(extract(epoch from max(now() - a.unknown_at)), 0)::float8 from payment_attempts a join orgs o on o.id = a.org_id
where a.state = 'unknown' and o.test_now is null`

// Sweeper runs what is due across organisations: it finds them as the system role and works in each as the app role.
type Sweeper struct {
	system *postgres.SystemDB
	store  *Store
}

// NewSweeper is a sweeper.
func NewSweeper(system *postgres.SystemDB, db *postgres.DB) *Sweeper {
	return &Sweeper{system, NewStore(db)}
}

// Sweep sweeps every organisation that has something due.
func (s *Sweeper) Sweep(ctx context.Context) (int64, error) {
	return s.each(ctx, sqlOrgsToSweep, s.store.SweepOrg)
}

// OldestUnknown is how long the oldest attempt of any studio has been unknown; zero when none is. Test studios, whose
// clocks jump, do not count.
func (s *Sweeper) OldestUnknown(ctx context.Context) (age time.Duration, err error) {
	var seconds float64
	err = s.system.Across(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, sqlOldestUnknown).Scan(&seconds)
	})
	return time.Duration(seconds * float64(time.Second)), fail.Wrap(err, "age of the oldest unknown attempt")
}

// sqlPausedStudios counts no test studio: whoever tries out a wrong password there wakes nobody.
const sqlPausedStudios = `select count(*) from orgs where charges_paused_at is not null and status = 'active' and not test_mode`

// PausedStudios is how many studios' charges wait for their gateway to be put right.
func (s *Sweeper) PausedStudios(ctx context.Context) (n int, err error) {
	err = s.system.Across(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, sqlPausedStudios).Scan(&n)
	})
	return n, fail.Wrap(err, "count paused studios")
}

// each calls do in every organisation that sql finds. One organisation's failure does not stop the others.
func (s *Sweeper) each(ctx context.Context, sql string, do func(context.Context, tenancy.Caller) (int64, error)) (total int64, err error) {
	var orgs []id.Org
	err = s.system.Across(ctx, func(tx postgres.Tx) (err error) {
		orgs, err = collectOne[id.Org](ctx, tx, sql)
		return err
	})
	for _, org := range orgs {
		n, e := do(ctx, tenancy.ForOrg(org, "cron"))
		total += n
		if e != nil && err == nil {
			err = fail.Wrap(e, "organisation %s", org)
		}
	}
	return total, err
}
