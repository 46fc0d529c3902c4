package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/obs"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// enqueueLookup asks for the n-th look-up of an attempt. The hour in the key brings a look-up back whose job is dead:
// an unknown attempt must never be left unasked.
func enqueueLookup(ctx context.Context, tx postgres.Tx, a id.Attempt, n int) error {
	return queue.Enqueue(ctx, tx, lookupJob(a, n, tx.Now()))
}

func lookupJob(a id.Attempt, n int, due time.Time) queue.Job {
	key := fmt.Sprintf("attempt:%s:%d:%s", a, n, due.UTC().Format("2006-01-02T15"))
	return queue.Job{Queue: QueueResolve, Dedupe: key, Payload: ResolveUnknown{AttemptID: a}}
}

// question is an unknown attempt and how to ask about it.
type question struct {
	Key       string
	Amount    money.Agorot
	UnknownAt time.Time
	SentAt    *time.Time
	Lookups   int
	Terminal  string // that the attempt was made on
	Doubted   bool   // an answer said that something had happened: a part was taken, or another sum, or it was there already
	TestClock bool   // business time is not the queue's
	Gateway   gateway
	Now       time.Time // of the business
	read      time.Time // by this machine's clock
}

const (
	sqlQuestion = `
select a.provider_key, a.amount, a.unknown_at, a.sent_at, a.lookups, a.terminal,
  exists (select from money_cases k where k.org_id = a.org_id and k.attempt_id = a.id and k.state = 'open' and k.kind <> 'unmapped_code'), o.test_now is not null,
  g.id, g.terminal, g.creds_ct, g.settings
from payment_attempts a join orgs o on o.id = a.org_id join gateways g on g.org_id = a.org_id and g.id = a.gateway_id
where a.org_id = app.org() and a.id = $1 and a.state = 'unknown'`
	sqlLookedUp = `
update payment_attempts set lookups = lookups + 1, next_lookup_at = $2
where org_id = app.org() and id = $1 and state = 'unknown' and lookups = $3`
	sqlKnownTxns = `
select coalesce(array_agg(provider_txn), '{}') from payment_attempts
where org_id = app.org() and gateway_id = $1 and provider_txn = any($2) and state = 'approved'`
)

// Resolve asks the provider about an attempt whose answer was lost (R44). It never sends a charge. Found is settled;
// not found is believed only after the last look-up of the schedule, when the provider's list does not have it
// either and no answer of its own ever said otherwise; anything else waits, and two candidates are a human's question.
func (s *Collector) Resolve(ctx context.Context, c tenancy.Caller, m ResolveUnknown) error {
	q, found, err := s.question(ctx, c, m.AttemptID)
	if err != nil || !found {
		return fail.Wrap(err, "read attempt %s", m.AttemptID)
	}
	if q.Terminal != q.Gateway.Terminal { // nobody who can be asked would know
		return s.askHuman(ctx, c, m.AttemptID, q, "unknown_attempt", "made on terminal "+q.Terminal+", and "+q.Gateway.Terminal+" is connected now")
	}
	creds, err := q.Gateway.credentials(s.ring)
	if err != nil {
		return err
	}
	o := s.provider.Lookup(ctx, creds, q.Key)
	obs.Add(ctx, "lookup", o.Code)
	switch {
	case o.State == payment.Paid && o.Amount == q.Amount:
		return s.found(ctx, c, m.AttemptID, q, o)
	case o.State == payment.Paid:
		return s.askHuman(ctx, c, m.AttemptID, q, "amount_mismatch", "the provider captured "+o.Amount.String()+", not "+q.Amount.String())
	case o.Code == "not_ours" && lookupsDone(q.UnknownAt, q.Now):
		return s.askHuman(ctx, c, m.AttemptID, q, "unknown_attempt", "the provider's transaction of this key is a refund, in another currency, or has no amount")
	case o.State == payment.NotFound && lookupsDone(q.UnknownAt, q.Now) && q.Doubted:
		return s.askHuman(ctx, c, m.AttemptID, q, "unknown_attempt", "the provider's answer said that something happened, and no look-up finds it")
	case o.State == payment.NotFound && lookupsDone(q.UnknownAt, q.Now):
		return s.neverHappened(ctx, c, m.AttemptID, q, creds)
	}
	if o.Class == payment.ConfigError {
		if err := s.pauseRefused(ctx, c, q.Gateway); err != nil {
			return fail.Wrap(err, "pause the studio of attempt %s", m.AttemptID)
		}
	}
	return s.askAgain(ctx, c, m.AttemptID, q)
}

// found settles what a look-up found as it should be, and with it the question that an odd answer had left.
func (s *Collector) found(ctx context.Context, c tenancy.Caller, a id.Attempt, q question, o payment.Outcome) error {
	if err := s.record(ctx, c, a, o); err != nil || !q.Doubted {
		return err
	}
	b := &postgres.Batch{}
	b.Queue(sqlCloseCases, a)
	_, err := s.db.WriteInOrg(ctx, c, b)
	return err
}

func (s *Collector) question(ctx context.Context, c tenancy.Caller, a id.Attempt) (q question, found bool, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, sqlQuestion, a).Scan(&q.Key, &q.Amount, &q.UnknownAt, &q.SentAt, &q.Lookups, &q.Terminal, &q.Doubted, &q.TestClock,
			&q.Gateway.ID, &q.Gateway.Terminal, &q.Gateway.SealedCreds, &q.Gateway.Settings)
		found = err == nil
		q.Now, q.read, q.Gateway.Org = tx.Now(), time.Now(), tx.Entered().Org
		if postgres.NoRows(err) {
			return queue.Done(ctx, tx) // settled meanwhile
		}
		return err
	})
	return q, found, err
}

// askAgain notes this look-up and when the next one is due. The sweep enqueues it then; for the second of the schedule, half a
// minute after the first, it comes too seldom, so the first enqueues it: not before, or the two could ask at once. A test clock
// stands still while a queue waits, and whoever advances it sweeps.
func (s *Collector) askAgain(ctx context.Context, c tenancy.Caller, a id.Attempt, q question) error {
	next := nextLookup(q.UnknownAt, q.Now, q.Lookups+1)
	b := &postgres.Batch{}
	b.Queue(sqlLookedUp, a, next, q.Lookups)
	if q.Lookups == 0 && !q.TestClock {
		second := lookupJob(a, 1, next)
		second.Delay, second.Correlation = max(0, next.Sub(q.Now)-time.Since(q.read)), obs.Correlation(ctx)
		if err := queue.EnqueueBatch(b, q.Gateway.Org, second); err != nil {
			return err
		}
	}
	queue.DoneBatch(&b.Batch, ctx)
	_, err := s.db.WriteInOrg(ctx, c, b)
	return err
}

// askHuman stops asking: the attempt stays unknown and blocks its charge until a person has looked.
func (s *Collector) askHuman(ctx context.Context, c tenancy.Caller, a id.Attempt, q question, kind, detail string) error {
	b := &postgres.Batch{}
	b.Queue(sqlLookedUp, a, nil, q.Lookups)
	b.Queue(sqlOpenCase, kind, a, detail)
	queue.DoneBatch(&b.Batch, ctx)
	_, err := s.db.WriteInOrg(ctx, c, b)
	return err
}

// strayLooks is how many looks pass before a transaction that nobody owns becomes a human's question.
const strayLooks = len(lookupSchedule) + 2

// neverHappened settles an attempt as failed when neither look-up nor list knows it, after the settling time. A new
// attempt with a new key may follow. A transaction of the same amount that is nobody's stops that, but not on a terminal that is
// everybody's: strangers' transactions are listed there, and no money moves.
func (s *Collector) neverHappened(ctx context.Context, c tenancy.Caller, a id.Attempt, q question, creds payment.Credentials) error {
	if q.SentAt != nil && !s.provider.Shared(creds.Terminal) {
		strays, err := s.strays(ctx, c, q, creds)
		if errors.Is(err, payment.ErrCredentials) {
			if err := s.pauseRefused(ctx, c, q.Gateway); err != nil {
				return err
			}
		}
		if err != nil {
			obs.Add(ctx, "list", fail.From(err).Code)
			return s.askAgain(ctx, c, a, q)
		}
		if strays > 0 && q.Lookups < strayLooks {
			return s.askAgain(ctx, c, a, q) // it may belong to an attempt that is being recorded right now
		}
		if strays > 0 {
			return s.askHuman(ctx, c, a, q, "unknown_attempt", fmt.Sprintf("the provider's list has %d transactions of this amount that no attempt owns", strays))
		}
	}
	return s.record(ctx, c, a, payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "never_happened"})
}

// strays counts the provider's transactions of this amount, around the time of sending, that no attempt of ours owns.
func (s *Collector) strays(ctx context.Context, c tenancy.Caller, q question, creds payment.Credentials) (n int, err error) {
	list, err := s.provider.List(ctx, creds, q.SentAt.AddDate(0, 0, -1), q.SentAt.AddDate(0, 0, 2))
	if err != nil {
		return 0, err
	}
	var known []string
	listed := make([]string, len(list))
	for i, t := range list {
		listed[i] = t.ProviderTxn
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error { return tx.QueryRow(ctx, sqlKnownTxns, q.Gateway.ID, listed).Scan(&known) })
	owned := map[string]bool{}
	for _, txn := range known {
		owned[txn] = true
	}
	for _, t := range list {
		if t.Amount == q.Amount && !t.Refund && !owned[t.ProviderTxn] {
			n++
		}
	}
	return n, err
}
