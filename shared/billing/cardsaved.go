package billing

import (
	"context"
	"fmt"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
	"fitkit/shared/tenancy"
)

const (
	sqlSession = `
select s.provider_ref, s.state, s.member_id, g.id, g.terminal, g.creds_ct, g.settings
from card_sessions s join gateways g on g.org_id = s.org_id and g.id = s.gateway_id
where s.org_id = app.org() and s.id = $1 and s.provider_ref is not null and s.terminal = g.terminal`
	// sqlLockSession lets one of several notices of a page save its card; the others wait, and find it saved.
	sqlLockSession = `
select true from card_sessions where org_id = app.org() and id = $1 and state in ('open', 'expired') for update`
	sqlSessionSaved = `
update card_sessions set state = 'saved', payment_method_id = $2, next_poll_at = null
where org_id = app.org() and id = $1 and state in ('open', 'expired') returning member_id`
	sqlSessionCode    = `update card_sessions set last_code = $2 where org_id = app.org() and id = $1 and state = 'open'`
	sqlCardSavedEvent = `
insert into member_events (org_id, member_id, at, kind, data)
values (app.org(), $1, app.business_now(), 'card.saved', jsonb_build_object('payment_method_id', $2::uuid))`
	sqlUndefault = `update payment_methods set is_default = false where org_id = app.org() and member_id = $1 and is_default`
	sqlNewMethod = `
insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, brand, last4, exp_month, exp_year, is_default, terminal)
values (app.org(), $1, $2, $3, $4, $5, $6, $7, $8, $9, true, $10)`
	// sqlLockMember lets the cards and the dunning of a member change one after the other: whoever writes that a charge waits for a
	// card, and whoever brings the card, both take it first, so neither misses the other.
	sqlLockMember = `select from members where org_id = app.org() and id = $1 for no key update`
	// sqlWaiting: a charge whose ladder has ended is tried once more too (R49: a payment clears at once).
	sqlWaiting = `
select c.id from charges c
where c.org_id = app.org() and c.member_id = $1 and (c.state = 'failed' or c.state = 'due' and exists (
  select from dunning_cases d where d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method')))
order by c.id`
	sqlDueAgain = `update charges set state = 'due' where org_id = app.org() and id = any($1::uuid[]) and state = 'failed'`
	sqlReopen   = `
update dunning_cases set state = 'open', next_at = null
where org_id = app.org() and charge_id = any($1::uuid[]) and state in ('open', 'waiting_method')`
)

// CheckCardSession reads what became of a hosted page from the provider, the only one that is believed, and saves the
// card once. A notice that comes twice, late, or never (the sweep asks then) ends in the same one card.
func (s *Collector) CheckCardSession(ctx context.Context, c tenancy.Caller, m ProcessInboxEvent) error {
	session := m.CardSessionID
	var (
		ref, state string
		member     id.Member
		g          gateway
	)
	err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, sqlSession, session).Scan(&ref, &state, &member, &g.ID, &g.Terminal, &g.SealedCreds, &g.Settings)
		g.Org = tx.Entered().Org
		if postgres.NoRows(err) {
			return nil
		}
		return err
	})
	if err != nil || ref == "" || state == "saved" {
		return fail.Wrap(err, "read card session %s", session)
	}
	creds, err := g.credentials(s.ring)
	if err != nil {
		return err
	}
	o, err := s.provider.FetchCheckout(ctx, creds, ref, session.String())
	if err != nil {
		return fail.Wrap(err, "read the provider's page")
	}
	save := func() error {
		return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
			if o.State != payment.Saved {
				_, err := tx.Exec(ctx, sqlSessionCode, session, o.Code)
				return err
			}
			return s.saveCard(ctx, tx, session, member, g, *o.Card)
		})
	}
	if err = save(); postgres.Violates(err, "payment_methods_one_default") {
		err = save() // another card of the member was saved in the same instant: now it is seen, and replaced as the default
	}
	return err
}

func (s *Collector) saveCard(ctx context.Context, tx postgres.Tx, session id.CardSession, member id.Member, g gateway, card payment.SavedCard) error {
	var unsaved bool
	if err := tx.QueryRow(ctx, sqlLockSession, session).Scan(&unsaved); postgres.NoRows(err) {
		return nil // another notice of the same page has saved it meanwhile
	} else if err != nil {
		return err
	}
	method := id.New[id.PaymentMethod]()
	sealed, key := s.ring.Seal([]byte(card.Token.Reveal()), seal.CardToken.At(g.Org, method)), s.ring.ActiveKey()
	if _, err := tx.Exec(ctx, sqlUndefault, member); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlNewMethod, method, member, g.ID, sealed, key[:], card.Brand, last4(card.Last4), card.ExpMonth, card.ExpYear, g.Terminal)
	if err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqlSessionSaved, session, method).Scan(&member); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlCardSavedEvent, member, method); err != nil {
		return err
	}
	return chargeWaiting(ctx, tx, member, "method:"+method.String())
}

// last4 is four digits; a provider that sends none gives zeros rather than a lost card.
func last4(s string) string {
	if len(s) != 4 {
		return "0000"
	}
	return s
}

// chargeWaiting tries the member's waiting charges at once: another card is another chance (R45).
func chargeWaiting(ctx context.Context, tx postgres.Tx, member id.Member, because string) error {
	if _, err := tx.Exec(ctx, sqlLockMember, member); err != nil {
		return err
	}
	waiting, err := collectOne[id.Charge](ctx, tx, sqlWaiting, member)
	if err != nil || len(waiting) == 0 {
		return err
	}
	ids := make([]string, len(waiting))
	for i, charge := range waiting {
		ids[i] = charge.String()
		if err := enqueueExecute(ctx, tx, charge, because); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlDueAgain, ids); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlReopen, ids)
	return err
}

// cardOver: the card pm has expired by the calendar of the studio o; its last month belongs to it.
const cardOver = `make_date(pm.exp_year, pm.exp_month, 1) + interval '1 month' <= app.now_of(o.test_now) at time zone o.tz`

// sqlUntriedCard: the member's default card is another than the one that the charge was last tried with.
const sqlUntriedCard = `
select exists (select from payment_methods pm join orgs o on o.id = pm.org_id
  where pm.org_id = app.org() and pm.member_id = $1 and pm.is_default and not ` + cardOver + `
  and pm.id is distinct from (select a.payment_method_id from payment_attempts a where a.org_id = app.org() and a.charge_id = $2 order by a.n desc limit 1))`

// hasUntriedCard says whether a charge that waits for a card has one to be tried: it came while the charge was in flight, or
// took the place of a removed one.
func hasUntriedCard(ctx context.Context, tx postgres.Tx, charge id.Charge, member id.Member) (has bool, err error) {
	err = tx.QueryRow(ctx, sqlUntriedCard, member, charge).Scan(&has)
	return has, err
}

// tryUntriedCard tries a charge that is about to wait for a card at once when it has another.
func tryUntriedCard(ctx context.Context, tx postgres.Tx, charge id.Charge, member id.Member) error {
	has, err := hasUntriedCard(ctx, tx, charge, member)
	if err != nil || !has {
		return err
	}
	if _, err := tx.Exec(ctx, sqlReopen, []string{charge.String()}); err != nil {
		return err
	}
	return enqueueExecute(ctx, tx, charge, "untried:"+id.New[id.Event]().String())
}

// enqueueExecute asks for the charge to be collected, once for each reason.
func enqueueExecute(ctx context.Context, tx postgres.Tx, charge id.Charge, because string) error {
	return queueJob(ctx, tx, QueueExecute, fmt.Sprintf("charge:%s:%s", charge, because), ExecuteCharge{ChargeID: charge})
}
