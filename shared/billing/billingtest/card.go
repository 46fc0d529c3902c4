package billingtest

import (
	"strings"
	"testing"

	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/seal"
)

// Key is PAYMENT_CREDENTIALS_ENCRYPTION_KEY of a function that works for a Studio.
var Key = strings.Repeat("1", 64)

// The credentials of a Studio's gateway.
const (
	Terminal = 1000
	// RealTerminal takes real money; every other takes none.
	RealTerminal = 123456
	// SharedTerminal is everybody's test terminal.
	SharedTerminal = 2000
	APIName        = "n"
	APIPassword    = "p"
)

// MemberWithCard makes a member whose saved card is one that a provider, another than the Studio's own, gave a token for.
func (s *Studio) MemberWithCard(t testing.TB, card payment.SavedCard) id.Member {
	t.Helper()
	m, pm := id.New[id.Member](), id.New[id.PaymentMethod]()
	token := s.ring.Seal([]byte(card.Token.Reveal()), seal.Place{Org: s.Org.String(), Table: "payment_methods", Column: "token_ct", Row: pm.String()})
	key := s.ring.ActiveKey()
	s.Exec(t, `with m as (insert into members (org_id, id, name, search_key) values ($1, $2, 'נועה לוי', 'נועה לוי'))
		insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, last4, exp_month, exp_year, is_default)
		values ($1, $3, $2, $4, $5, $6, $7, $8, $9, true)`, s.Org, m, pm, s.Gateway, token, key[:], card.Last4, card.ExpMonth, card.ExpYear)
	return m
}
