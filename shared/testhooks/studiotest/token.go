package studiotest

import (
	"time"

	"fitkit/shared/auth/authtest"
	"fitkit/shared/id"
	"fitkit/shared/testhooks/testhooksapi"
)

// tokenLife is the longest that the verifier accepts.
const tokenLife = time.Hour

// Signer makes session tokens under the built-in test key. The zero Signer makes none: nobody would accept them.
type Signer struct {
	Issuer, Party string // as the functions' policy has them
}

// tokens signs everybody in, just now, so that a step-up asks nobody anything.
func (s *Seeder) tokens(t *studio) error {
	if s.sign == (Signer{}) {
		return nil
	}
	now := s.now()
	expires := now.Add(tokenLife)
	for i := range t.out.Staff {
		p := &t.out.Staff[i]
		org := map[string]string{"id": t.clerk, "slg": t.out.Key, "rol": clerkRole(p.Role)}
		if err := s.sign.token(p, org, now, expires); err != nil {
			return err
		}
	}
	t.out.TokensExpire = &expires
	return s.sign.token(t.out.Member, nil, now, expires)
}

func (s Signer) token(p *testhooksapi.Person, org map[string]string, now, expires time.Time) error {
	key, err := authtest.TestKey()
	if err != nil {
		return err
	}
	claims := map[string]any{"v": 2, "iss": s.Issuer, "azp": s.Party, "sub": p.User, "sid": "sess_seed_" + id.New[id.Event]().String(), "sts": "active",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(), "fva": []int{0, 0}}
	if org != nil {
		claims["o"] = org
	}
	p.Token, err = authtest.Sign(key, authtest.TestKeyID, claims)
	return err
}
