package billing

import (
	"context"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/obs"
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
  insert into card_sessions (org_id, id, member_id, gateway_id, amount, expires_at, correlation, terminal)
  select app.org(), $1, m.id, g.id, $3, app.business_now() + interval '24 hours', $4, g.terminal from m, g
  returning expires_at
)
select m.name, m.phone, m.email, m.language, g.id, g.terminal, g.creds_ct, coalesce(g.settings, '{}'), g.hook_token, (select expires_at from s)
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
		err = tx.QueryRow(ctx, sqlNewSession, session, member, checkAmount, obs.Correlation(ctx)).Scan(&n.payer.PayerName, &n.payer.PayerPhone, &n.payer.PayerEmail,
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
