package console

import (
	"net/http"

	"fitkit/infra/local/seed"
)

func (c *Console) tokens(*http.Request) (view, error) {
	return view{"tokens", "nav.tokens", struct {
		Roles   []string
		Sandbox bool
	}{seed.Roles, c.Clerk.URL != ""}}, nil
}

// mint makes a session of one of the demo studio's people, as make token does.
func (c *Console) mint(r *http.Request) (to string, said note, err error) {
	to = "/tokens"
	record, err := seed.Load(c.Seed)
	if err != nil {
		return to, note{}, err
	}
	role := r.FormValue("role")
	session, err := record.SignIn(r.Context(), seed.Clerk{URL: c.Clerk.URL}, role)
	return to, note{Key: "tokens.minted", Args: []any{role}, Detail: session.JWT, Copy: session.Curl(c.API)}, err
}
