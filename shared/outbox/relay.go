package outbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/clock"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
)

// ResendAfter is when a sent job that nobody finished counts as lost: no queue's visibility × receives is longer, a
// test over the catalogue holds that.
const ResendAfter = 30 * time.Minute

const (
	// maxResends is how often a job is sent again that somebody took and nobody finished.
	maxResends = 3
	// waitsAtMost is how long a job may stand in its queue without anybody having taken it. A wave of charges waits there for
	// hours and is not lost: it is sent again ever more seldom, so that copies do not lengthen the wave.
	waitsAtMost = 24 * time.Hour
	relayChunk  = 500
	// relayGrace leaves fresh rows to the function that inserted them, which sends right after its commit.
	relayGrace = 10 * time.Second
	// expireChunk bounds one deletion of old Idempotency-Keys.
	expireChunk = 5000
)

const (
	sqlRelay = `
with lost as (
  select id from jobs
  where state = 'ready' and (lease_until is null or lease_until < now())
    and (sent_at is null and available_at <= now() and created_at < now() - $1::interval
      or attempts > 0 and sent_at < now() - $2::interval and resends < $3
      or attempts = 0 and sent_at < now() - $2::interval * (1 << least(resends, 4)))
  order by available_at limit $4 for update skip locked
)
update jobs j set resends = resends + (j.sent_at is not null)::int, sent_at = now() from lost
where j.id = lost.id
returning j.id, j.org_id, j.queue, j.payload::text, j.correlation`
	sqlGiveUp = `
update jobs set state = 'dead', finished_at = now(), lease_until = null, last_error = 'relay.lost'
where state = 'ready' and sent_at < now() - $1::interval and (lease_until is null or lease_until < now())
  and case when attempts > 0 then resends >= $2 else available_at < now() - $3::interval end`
	sqlOldestUnsent = `
select coalesce(max(extract(epoch from now() - greatest(available_at, created_at))), 0)::float8 from jobs
where state = 'ready' and sent_at is null and available_at <= now() and (lease_until is null or lease_until < now())`
	sqlUnsent     = `update jobs set sent_at = null where id = any($1::uuid[]) and state = 'ready'`
	sqlMarkAny    = `update jobs set sent_at = now() where id = any($1::uuid[]) and state = 'ready' and sent_at is null`
	sqlExpireKeys = `
delete from idempotency_keys where (org_id, actor, key) in
  (select org_id, actor, key from idempotency_keys where created_at < now() - interval '24 hours' and not lasting
    or created_at < now() - interval '400 days' limit $1)`
)

// JobDead counts the jobs that the relay gave up; an alarm watches it.
const JobDead = "JobDead"

// Relay sends jobs that nobody sent, and jobs that were sent and that nobody finished.
type Relay struct {
	db     *postgres.SystemDB
	sender *Sender
}

// NewRelay is a relay.
func NewRelay(db *postgres.SystemDB, s *Sender) *Relay { return &Relay{db, s} }

// Run relays until nothing is left, marks as dead what was lost three times or waited a day, and lets old Idempotency-Keys go.
func (r *Relay) Run(ctx context.Context) (total int64, err error) {
	for {
		n, err := r.chunk(ctx)
		total += n
		if err != nil {
			return total, err
		}
		if n < relayChunk {
			break
		}
	}
	return total, r.db.Across(ctx, func(tx postgres.Tx) error {
		dead, err := tx.Exec(ctx, sqlGiveUp, ResendAfter.String(), maxResends, waitsAtMost.String())
		if err != nil {
			return err
		}
		if dead > 0 {
			obs.Count("cron-job-relay", JobDead, float64(dead))
		}
		_, err = tx.Exec(ctx, sqlExpireKeys, expireChunk)
		return err
	})
}

// OldestUnsent is how long the oldest job that is due has been in no queue.
func (r *Relay) OldestUnsent(ctx context.Context) (time.Duration, error) {
	var seconds float64
	err := r.db.Across(ctx, func(tx postgres.Tx) error { return tx.QueryRow(ctx, sqlOldestUnsent).Scan(&seconds) })
	return time.Duration(seconds * float64(time.Second)), fail.Wrap(err, "read the oldest unsent job")
}

// chunk claims rows by marking them sent, commits, and sends. What SQS did not take is marked unsent again; a crash in
// between costs a wait, never the work.
func (r *Relay) chunk(ctx context.Context) (int64, error) {
	var jobs []postgres.Staged
	err := r.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlRelay, relayGrace.String(), ResendAfter.String(), maxResends, relayChunk)
		if err != nil {
			return err
		}
		var j postgres.Staged
		var payload string
		_, err = pgx.ForEachRow(rows, []any{&j.ID, &j.Org, &j.Queue, &payload, &j.Correlation}, func() error {
			j.Payload = []byte(payload)
			jobs = append(jobs, j)
			return nil
		})
		return err
	})
	if err != nil || len(jobs) == 0 {
		return 0, fail.Wrap(err, "read unsent jobs")
	}
	sent, sendErr := r.sender.Send(ctx, clock.Real(), jobs)
	if len(sent) < len(jobs) {
		err = r.db.Across(ctx, func(tx postgres.Tx) error {
			_, err := tx.Exec(ctx, sqlUnsent, texts(except(jobs, sent)))
			return err
		})
	}
	if sendErr != nil {
		return int64(len(sent)), fail.Wrap(sendErr, "send jobs")
	}
	return int64(len(sent)), err
}

func except(jobs []postgres.Staged, sent []id.Job) (left []id.Job) {
	done := map[id.Job]bool{}
	for _, s := range sent {
		done[s] = true
	}
	for _, j := range jobs {
		if !done[j.ID] {
			left = append(left, j.ID)
		}
	}
	return left
}
