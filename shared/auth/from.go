package auth

import (
	"fitkit/shared/clock"
	"fitkit/shared/config"
	"fitkit/shared/run"
)

// From is the function's verifier. With CLERK_JWT_KEY set that key is the only one and no network is touched.
func From(app *run.App) *Verifier {
	return run.Once(app, "verifier", func() *Verifier {
		c := run.Section[config.Clerk](app)
		keys, err := keySource(c)
		if err != nil {
			run.Fatal(err)
		}
		v, err := NewVerifier(Policy{Issuer: c.Issuer, AuthorizedParties: c.AuthorizedParties}, keys, clock.Real)
		if err != nil {
			run.Fatal(err)
		}
		return v
	})
}

func keySource(c *config.Clerk) (keys KeySource, err error) {
	if c.JWTKey != "" {
		keys, err = StaticKey(c.JWTKey.Reveal())
	} else {
		keys = NewKeySet(c.Issuer+"/.well-known/jwks.json", nil, clock.Real)
	}
	if err == nil && c.TestAuthBypass {
		return WithTestKey(keys)
	}
	return keys, err
}
