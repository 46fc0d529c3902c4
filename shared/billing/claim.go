package billing

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
)

// DueCharge is the message that a charge is to be collected.
type DueCharge = queue.Work[ExecuteCharge]

// claim is the attempt of a charge that this worker holds, or why there is none.
type claim struct {
	*DueCharge
	began   time.Time // before the lease did, by this machine's clocks
	attempt id.Attempt
	reason  why
	facts
}

// facts is what decides about a charge, and all that the provider must be told.
type facts struct {
	n                               int // of the work, from 1
	state, gatewayState             string
	cancelled, paused, expired, hot bool
	resting                         bool // it waits for its rung
	taken                           bool
	amount                          money.Agorot
	installments                    int
	payerName                       string
	method                          id.PaymentMethod
	tokenCT                         []byte
	expMonth, expYear               int
	gateway                         gateway
}

// why a charge was not claimed.
type why string

const (
	claimed     why = ""
	gone        why = "gone"         // there is no such charge
	notDue      why = "not_due"      // paid, void, failed, waiting for its rung, or an attempt is under way: whoever holds it will finish
	cancelled   why = "cancelled"    // the membership's end took the ground from the charge
	paused      why = "paused"       // the studio's charges wait for its gateway to be put right, or the studio is deleted
	noMethod    why = "no_method"    // nobody can be charged until the member saves a card
	cardExpired why = "card_expired" // the issuer is not asked what the calendar says, nor a terminal about another's card
	cardCooling why = "card_cooling" // R46: too many tries of this card of late
	cardBusy    why = "card_busy"    // another charge is being tried with the same card: its answer comes first
)

// R46's guard: declined attempts of one card. Approved ones do not count: one parent's card may pay for five children
// (docs/decisions/007).
const (
	maxTriesWeek  = 4
	maxTriesMonth = 10
)

// sqlClaim locks charges, reads everything that decides, and inserts the attempt of each for which all of it allows. The
// conditions live here and not in Go so that claim and decision are one round trip and one truth.
//
// An attempt is committed as sent, before anything is (docs/decisions/025): from here on it is settled by what the
// provider says, or by a look-up.
//
// Memberships are locked before charges, in the order in which a cancellation takes them, and each kind in the order of its ids. One
// charge of a card is tried at a time, whoever tries it: the index payment_attempts_one_of_card waits for another claim to commit, in
// the order of cards.
const sqlClaim = `
with work as (
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) with ordinality as w (charge_id, attempt_id, provider_key, installments, n)
), ms as materialized (
  select m.id, m as whole from memberships m
  where m.org_id = app.org() and m.id in (select c.membership_id from charges c where c.org_id = app.org() and c.id = any($1)) order by m.id for share
), locked as (
  select c.id, c.amount, c.state, c.member_id, c.membership_id, c.installments, c.kind, c.period
  from charges c where c.org_id = app.org() and c.id = any($1) and (select count(*) from ms) >= 0 order by c.id for update
), facts as (
  select w.n, w.attempt_id, w.provider_key, l.id, l.amount, l.state, coalesce(nullif(w.installments, 0), l.installments) as installments, mb.name,
    app.not_owed(l.kind, l.period, (select ms.whole from ms where ms.id = l.membership_id)) as cancelled,
    o.charges_paused_at is not null or o.status = 'deleted' as paused, coalesce(o.test_now, now()) as at,
    coalesce(` + cardOver + ` or pm.terminal <> g.terminal, false) as expired, pm.id as method_id, pm.token_ct, pm.exp_month, pm.exp_year,
    g.id as gateway_id, g.state as gateway_state, g.terminal, g.creds_ct, g.settings,
    (select count(*) from payment_attempts a where a.org_id = app.org() and a.payment_method_id = pm.id
      and a.state = 'declined' and a.business_at > coalesce(o.test_now, now()) - interval '7 days') as week,
    (select count(*) from payment_attempts a where a.org_id = app.org() and a.payment_method_id = pm.id
      and a.state = 'declined' and a.business_at > coalesce(o.test_now, now()) - interval '30 days') as month,
    (select coalesce(max(a.n), 0) from payment_attempts a where a.org_id = app.org() and a.charge_id = l.id) as tries,
    exists (select from dunning_cases d where d.org_id = app.org() and d.charge_id = l.id and d.state in ('open', 'waiting_method')
      and d.next_at > coalesce(o.test_now, now())) as resting
  from work w
  join locked l on l.id = w.charge_id
  join orgs o on o.id = app.org()
  join members mb on mb.org_id = app.org() and mb.id = l.member_id
  left join payment_methods pm on pm.org_id = app.org() and pm.member_id = l.member_id and pm.is_default
  left join gateways g on g.org_id = app.org() and g.id = pm.gateway_id
), claimed as (
  insert into payment_attempts (org_id, id, charge_id, n, gateway_id, payment_method_id, amount, installments, provider_key, lease_until, business_at, terminal, state, sent_at)
  select app.org(), f.attempt_id, f.id, f.tries + 1, f.gateway_id, f.method_id, f.amount, f.installments, f.provider_key, now() + $5::interval, f.at, f.terminal, 'sent', now()
  from facts f
  where f.state = 'due' and not f.cancelled and not f.paused and not f.expired and f.gateway_state = 'active' and f.week < $6 and f.month < $7 and not f.resting
  order by f.method_id, f.n
  on conflict (org_id, payment_method_id) where state in ('claimed', 'sent') do nothing
  returning id, charge_id
), flight as (
  update charges c set state = 'in_flight' from claimed k where c.org_id = app.org() and c.id = k.charge_id
)
select f.n, f.state, f.cancelled, f.paused, f.expired, coalesce(f.gateway_state, ''), f.method_id, f.week >= $6 or f.month >= $7,
  exists (select from claimed k where k.id = f.attempt_id), f.amount, f.installments, f.name, f.token_ct, coalesce(f.exp_month, 0), coalesce(f.exp_year, 0),
  f.gateway_id, coalesce(f.terminal, ''), f.creds_ct, coalesce(f.settings, '{}'), f.resting
from facts f`

// sqlImpatient ends a list's claim when somebody holds a row of it: it then goes one by one, before its first claims grow too old to send.
const sqlImpatient = `select set_config('lock_timeout', '1s', true)`

// claim takes the next attempt of each charge, in one commit, or says why it may not be tried now.
func (s *Collector) claim(work []*DueCharge) ([]claim, error) {
	n := len(work)
	claims, working := make([]claim, n), make([]context.Context, n)
	charges, attempts, keys, installments := make([]string, n), make([]string, n), make([]string, n), make([]int, n)
	for i, w := range work {
		claims[i], working[i] = claim{DueCharge: w, began: time.Now(), attempt: id.New[id.Attempt](), reason: gone}, w.Ctx
		charges[i], installments[i] = w.Message.ChargeID.String(), w.Message.Installments
		attempts[i], keys[i] = claims[i].attempt.String(), providerKey(claims[i].attempt)
	}
	b := &postgres.Batch{}
	if n > 1 {
		b.Queue(sqlImpatient)
	}
	taken := queue.TakeBatch(&b.Batch, working...)
	b.Queue(sqlClaim, charges, attempts, keys, installments, s.lease.String(), maxTriesWeek, maxTriesMonth).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var f facts
			if err := f.scan(rows); err != nil {
				return err
			}
			claims[f.n-1].facts, claims[f.n-1].reason = f, f.why()
		}
		return rows.Err()
	})
	e, err := s.db.WriteInOrg(working[0], work[0].Caller, b)
	if err != nil {
		return nil, err
	}
	taken()
	for i := range claims {
		claims[i].gateway.Org = e.Org
	}
	return claims, nil
}

func (f *facts) scan(row pgx.Row) error {
	return row.Scan(&f.n, &f.state, &f.cancelled, &f.paused, &f.expired, &f.gatewayState, &f.method, &f.hot, &f.taken, &f.amount, &f.installments,
		&f.payerName, &f.tokenCT, &f.expMonth, &f.expYear, &f.gateway.ID, &f.gateway.Terminal, &f.gateway.SealedCreds, &f.gateway.Settings, &f.resting)
}

func (f *facts) why() why {
	switch {
	case f.taken:
		return claimed
	case f.state != "due":
		return notDue
	case f.cancelled:
		return cancelled
	case f.paused:
		return paused
	case f.method.IsZero():
		return noMethod
	case f.gatewayState != "active":
		return paused
	case f.expired:
		return cardExpired
	case f.hot:
		return cardCooling
	case f.resting:
		return notDue
	}
	return cardBusy
}

// age is how long ago the claim began. The monotonic clock stands still while a machine is frozen, and the wall clock can be
// set, so the later of the two counts.
func (cl *claim) age() time.Duration {
	now := time.Now()
	return max(now.Sub(cl.began), now.Round(0).Sub(cl.began.Round(0)))
}
