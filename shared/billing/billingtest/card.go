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
	Terminal    = 1000
	APIName     = "n"
	APIPassword = "p"
)

// MemberWithCard makes a member whose saved card is the one that a provider, another than the Studio's own, gave a
// token for.
func (s *Studio) MemberWithCard(t testing.TB, card payment.SavedCard) id.Member {
	t.Helper()
	m := s.Member(t)
	pm := id.New[id.PaymentMethod]()
	token := s.ring.Seal([]byte(card.Token.Reveal()), seal.Place{Org: s.Org.String(), Table: "payment_methods", Column: "token_ct", Row: pm.String()})
	s.Exec(t, `update payment_methods set id = $3, token_ct = $4, last4 = $5, exp_month = $6, exp_year = $7 where org_id = $1 and member_id = $2`,
		s.Org, m, pm, token, card.Last4, card.ExpMonth, card.ExpYear)
	return m
}
