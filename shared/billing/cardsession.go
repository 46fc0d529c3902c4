package billing

import (
	"context"
	"fmt"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// CardSession is one visit to the provider's hosted page, where a member saves a card.
type CardSession struct {
	ID        id.CardSession
	URL       string
	ExpiresAt time.Time
}

// Pages is where hosted pages send people and notices: the app for the payer, the API for the provider.
type Pages struct{ AppURL, APIURL string }

const (
	// checkAmount is what the card is checked for; nothing is charged or held.
	checkAmount = money.Agorot(100)

	sqlNewSession = `
with m as (
  select id, name, coalesce(phone, '') as phone, coalesce(email, '') as email, language from members where org_id = app.org() and id = $2 and status = 'active'
), g as (
  select id, terminal, creds_ct, settings, hook_token from gateways where org_id = app.org() and state = 'active' order by created_at limit 1
), s as (
  insert into card_sessions (org_id, id, member_id, gateway_id, amount, expires_at)
  select app.org(), $1, m.id, g.id, $3, app.business_now() + interval '24 hours' from m, g
  returning expires_at
)
select m.name, m.phone, m.email, m.language, g.id, g.terminal, g.creds_ct, g.settings, g.hook_token, (select expires_at from s)
from m left join g on true`
	sqlSessionOpen = `
update card_sessions set state = 'open', provider_ref = $2, url = $3, next_poll_at = created_business + interval '10 minutes'
where org_id = app.org() and id = $1 and state = 'creating'`
)

// ErrMemberNotFound is the same for another studio's member, an archived one and a made-up id.
var ErrMemberNotFound = fail.New(fail.NotFound, "billing.member_not_found", "There is no such active member. Check the id.", "אין מתאמן פעיל כזה. בדקו את המזהה.")

type newSession struct {
	payer     payment.CheckoutRequest
	gateway   gateway
	hookToken string
	expiresAt *time.Time
}

// OpenCardSession makes a hosted page for a member. The session's row is committed before the provider is asked, so
// that whatever the provider tells us about it later finds its owner. Opening a second page is harmless.
func (s *Collector) OpenCardSession(ctx context.Context, c tenancy.Caller, member id.Member, pages Pages) (cs CardSession, err error) {
	cs.ID = id.New[id.CardSession]()
	n, err := s.insertSession(ctx, c, cs.ID, member)
	if err != nil {
		return cs, fail.Wrap(err, "open card session")
	}
	creds, err := n.gateway.credentials(s.ring)
	if err != nil {
		return cs, err
	}
	n.payer.Reference, n.payer.Amount = cs.ID.String(), checkAmount
	n.payer.SuccessURL, n.payer.FailURL = pages.AppURL+"/payments/card/saved", pages.AppURL+"/payments/card/failed"
	n.payer.NotifyURL = pages.APIURL + "/v1/hooks/cardcom/" + n.hookToken
	page, err := s.provider.OpenCheckout(ctx, creds, n.payer)
	if err != nil {
		return cs, fail.Wrap(err, "open the provider's page")
	}
	cs.URL, cs.ExpiresAt = page.URL, *n.expiresAt
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlSessionOpen, cs.ID, page.Ref, page.URL)
		return err
	})
	return cs, fail.Wrap(err, "keep the provider's page")
}

func (s *Collector) insertSession(ctx context.Context, c tenancy.Caller, session id.CardSession, member id.Member) (n newSession, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		if err != nil {
			return err
		}
		if e.Role == tenancy.Member && e.MemberID != member {
			return ErrMemberNotFound
		}
		var terminal, token *string
		err = tx.QueryRow(ctx, sqlNewSession, session, member, checkAmount).Scan(&n.payer.PayerName, &n.payer.PayerPhone, &n.payer.PayerEmail,
			&n.payer.Language, &n.gateway.ID, &terminal, &n.gateway.SealedCreds, &n.gateway.Settings, &token, &n.expiresAt)
		if postgres.NoRows(err) {
			return ErrMemberNotFound
		}
		if err != nil {
			return err
		}
		if n.gateway.ID.IsZero() {
			return ErrNoGateway
		}
		n.gateway.Org, n.gateway.Terminal, n.hookToken = e.Org, *terminal, *token
		return nil
	})
	return n, err
}

const (
	sqlSession = `
select s.provider_ref, s.state, s.member_id, g.id, g.terminal, g.creds_ct, g.settings
from card_sessions s join gateways g on g.org_id = s.org_id and g.id = s.gateway_id
where s.org_id = app.org() and s.id = $1 and s.provider_ref is not null`
	sqlSessionSaved = `
update card_sessions set state = 'saved', payment_method_id = $2, next_poll_at = null
where org_id = app.org() and id = $1 and state in ('open', 'expired') returning member_id`
	sqlSessionCode = `update card_sessions set last_code = $2 where org_id = app.org() and id = $1 and state = 'open'`
	sqlUndefault   = `update payment_methods set is_default = false where org_id = app.org() and member_id = $1 and is_default`
	sqlNewMethod   = `
insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, brand, last4, exp_month, exp_year, is_default)
values (app.org(), $1, $2, $3, $4, $5, $6, $7, $8, $9, true)`
	sqlWaiting = `
select c.id from charges c join dunning_cases d on d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method')
where c.org_id = app.org() and c.member_id = $1 and c.state = 'due'
for update of d`
	sqlReopen = `
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
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if o.State != payment.Saved {
			_, err := tx.Exec(ctx, sqlSessionCode, session, o.Code)
			return err
		}
		return s.saveCard(ctx, tx, session, member, g, *o.Card)
	})
}

func (s *Collector) saveCard(ctx context.Context, tx postgres.Tx, session id.CardSession, member id.Member, g gateway, card payment.SavedCard) error {
	method := id.New[id.PaymentMethod]()
	sealed, key := s.ring.Seal([]byte(card.Token.Reveal()), tokenPlace(g.Org, method)), s.ring.ActiveKey()
	if _, err := tx.Exec(ctx, sqlUndefault, member); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlNewMethod, method, member, g.ID, sealed, key[:], card.Brand, last4(card.Last4), card.ExpMonth, card.ExpYear)
	if err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqlSessionSaved, session, method).Scan(&member); err != nil {
		if postgres.NoRows(err) {
			return errSavedMeanwhile // rolls this card back; the other one stands
		}
		return err
	}
	if _, err := tx.Exec(ctx, `insert into member_events (org_id, member_id, at, kind, data) values (app.org(), $1, app.business_now(), 'card.saved', jsonb_build_object('payment_method_id', $2::uuid))`, member, method); err != nil {
		return err
	}
	return chargeWaiting(ctx, tx, member, "method:"+method.String())
}

var errSavedMeanwhile = fail.New(fail.Unavailable, "billing.card_saved_meanwhile", "The card was saved by another notice of the same page.", "הכרטיס נשמר כבר על ידי הודעה אחרת של אותו דף.")

// last4 is four digits; a provider that sends none gives zeros rather than a lost card.
func last4(s string) string {
	if len(s) != 4 {
		return "0000"
	}
	return s
}

// chargeWaiting tries the member's waiting charges at once: a new card is a new chance (R45).
func chargeWaiting(ctx context.Context, tx postgres.Tx, member id.Member, because string) error {
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
	_, err = tx.Exec(ctx, sqlReopen, ids)
	return err
}

// enqueueExecute asks for the charge to be collected, once for each reason.
func enqueueExecute(ctx context.Context, tx postgres.Tx, charge id.Charge, because string) error {
	return queueJob(ctx, tx, QueueExecute, fmt.Sprintf("charge:%s:%s", charge, because), ExecuteCharge{ChargeID: charge})
}
