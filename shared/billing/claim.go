package billing

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// claim is an attempt that this worker holds, and all that the provider must be told.
type claim struct {
	began        time.Time // before the lease did, by this machine's clocks
	Attempt      id.Attempt
	Charge       id.Charge
	Member       id.Member
	Amount       money.Agorot
	Installments int
	Method       id.PaymentMethod
	Gateway      gateway
	TokenCT      []byte
	ExpMonth     int
	ExpYear      int
	PayerName    string
}

// why a charge was not claimed.
type why string

const (
	claimed     why = ""
	gone        why = "gone"
	notDue      why = "not_due"      // paid, void, failed, waiting for its rung, or an attempt is under way: whoever holds it will finish
	cancelled   why = "cancelled"    // the membership's end took the ground from the charge
	paused      why = "paused"       // the studio's charges wait for its gateway to be put right, or the studio is deleted
	noMethod    why = "no_method"    // nobody can be charged until the member saves a card
	cardExpired why = "card_expired" // the issuer is not asked what the calendar says, nor a terminal about another's card
	cardCooling why = "card_cooling" // R46: too many tries of this card of late
)

// R46's guard: declined attempts of one card. Approved ones do not count: one parent's card may pay for five children
// (docs/decisions/007).
const (
	maxTriesWeek  = 4
	maxTriesMonth = 10
)

// sqlClaim locks the charge, reads everything that decides, and inserts the attempt only if all of it allows. The
// conditions live here and not in Go so that claim and decision are one round trip and one truth.
//
// The attempt is committed as sent, before anything is (docs/decisions/025): from here on it is settled by what the
// provider says, or by a look-up.
//
// The membership is locked before the charge, in the order in which a cancellation takes them.
const sqlClaim = `
with ms as materialized (
  select m as whole from memberships m
  where m.org_id = app.org() and m.id = (select c.membership_id from charges c where c.org_id = app.org() and c.id = $1) for share
), locked as (
  select c.id, c.amount, c.state, c.member_id, c.installments, c.kind, c.period
  from charges c where c.org_id = app.org() and c.id = $1 and (select count(*) from ms) >= 0 for update
), facts as (
  select l.id, l.amount, l.state, l.member_id, coalesce(nullif($4::int, 0), l.installments) as installments, mb.name,
    app.not_owed(l.kind, l.period, (select whole from ms)) as cancelled,
    o.charges_paused_at is not null or o.status = 'deleted' as paused, coalesce(o.test_now, now()) as at,
    coalesce(` + cardOver + ` or pm.terminal <> g.terminal, false) as expired, pm.id as method_id, pm.token_ct, pm.exp_month, pm.exp_year,
    g.id as gateway_id, g.state as gateway_state, g.terminal, g.creds_ct, g.settings,
    (select count(*) from payment_attempts a where a.org_id = app.org() and a.payment_method_id = pm.id
      and a.state = 'declined' and a.business_at > coalesce(o.test_now, now()) - interval '7 days') as week,
    (select count(*) from payment_attempts a where a.org_id = app.org() and a.payment_method_id = pm.id
      and a.state = 'declined' and a.business_at > coalesce(o.test_now, now()) - interval '30 days') as month,
    (select coalesce(max(a.n), 0) from payment_attempts a where a.org_id = app.org() and a.charge_id = l.id) as tries
  from locked l
  join orgs o on o.id = app.org()
  join members mb on mb.org_id = app.org() and mb.id = l.member_id
  left join payment_methods pm on pm.org_id = app.org() and pm.member_id = l.member_id and pm.is_default
  left join gateways g on g.org_id = app.org() and g.id = pm.gateway_id
), claimed as (
  insert into payment_attempts (org_id, id, charge_id, n, gateway_id, payment_method_id, amount, installments, provider_key, lease_until, business_at, terminal, state, sent_at)
  select app.org(), $2, f.id, f.tries + 1, f.gateway_id, f.method_id, f.amount, f.installments, $3, now() + $5::interval, f.at, f.terminal, 'sent', now()
  from facts f
  where f.state = 'due' and not f.cancelled and not f.paused and not f.expired and f.gateway_state = 'active' and f.week < $6 and f.month < $7
    and not exists (select from dunning_cases d where d.org_id = app.org() and d.charge_id = f.id and d.state in ('open', 'waiting_method') and d.next_at > f.at)
  returning id
), flight as (
  update charges c set state = 'in_flight' from claimed where c.org_id = app.org() and c.id = $1
)
select f.state, f.cancelled, f.paused, f.expired, coalesce(f.gateway_state, ''), f.method_id, f.week >= $6 or f.month >= $7, exists (select from claimed),
  f.member_id, f.amount, f.installments, f.name, f.token_ct, coalesce(f.exp_month, 0), coalesce(f.exp_year, 0),
  f.gateway_id, coalesce(f.terminal, ''), f.creds_ct, coalesce(f.settings, '{}')
from facts f`

// claim takes the charge's next attempt, or says why it may not be tried now.
func (s *Collector) claim(ctx context.Context, c tenancy.Caller, m ExecuteCharge) (cl claim, reason why, err error) {
	cl = claim{began: time.Now(), Attempt: id.New[id.Attempt](), Charge: m.ChargeID}
	reason = gone
	b := &postgres.Batch{}
	queue.TakeBatch(ctx, &b.Batch)
	b.Queue(sqlClaim, m.ChargeID, cl.Attempt, providerKey(cl.Attempt), m.Installments, s.lease.String(), maxTriesWeek, maxTriesMonth).
		QueryRow(func(row pgx.Row) (err error) {
			reason, err = cl.scan(row)
			if postgres.NoRows(err) {
				reason, err = gone, nil
			}
			return err
		})
	e, err := s.db.WriteInOrg(ctx, c, b)
	cl.Gateway.Org = e.Org
	return cl, reason, err
}

func (cl *claim) scan(row pgx.Row) (why, error) {
	var (
		state, gatewayState                        string
		isCancelled, isPaused, expired, hot, taken bool
	)
	err := row.Scan(&state, &isCancelled, &isPaused, &expired, &gatewayState, &cl.Method, &hot, &taken, &cl.Member, &cl.Amount, &cl.Installments,
		&cl.PayerName, &cl.TokenCT, &cl.ExpMonth, &cl.ExpYear, &cl.Gateway.ID, &cl.Gateway.Terminal, &cl.Gateway.SealedCreds, &cl.Gateway.Settings)
	switch {
	case err != nil:
		return gone, err
	case taken:
		return claimed, nil
	case state != "due":
		return notDue, nil
	case isCancelled:
		return cancelled, nil
	case isPaused:
		return paused, nil
	case cl.Method.IsZero():
		return noMethod, nil
	case gatewayState != "active":
		return paused, nil
	case expired:
		return cardExpired, nil
	case hot:
		return cardCooling, nil
	}
	return notDue, nil
}

// age is how long ago the claim began. The monotonic clock stands still while a machine is frozen, and the wall clock can be
// set, so the later of the two counts.
func (cl *claim) age() time.Duration {
	now := time.Now()
	return max(now.Sub(cl.began), now.Round(0).Sub(cl.began.Round(0)))
}
