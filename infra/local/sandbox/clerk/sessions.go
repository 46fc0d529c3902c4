package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

func (s *server) sessionRoutes(mux *http.ServeMux) {
	s.backend(mux, "GET /v1/jwks", func(*http.Request) (any, error) { return s.keys.public(), nil })
	s.backend(mux, "POST /v1/sessions", s.createSession)
	s.backend(mux, "GET /v1/sessions/{id}", func(r *http.Request) (any, error) { return s.session(r.PathValue("id")) })
	s.backend(mux, "POST /v1/sessions/{id}/revoke", s.revokeSession)
	s.backend(mux, "POST /v1/sessions/{id}/tokens", s.createToken)
	s.backend(mux, "POST /v1/sign_in_tokens", s.createTicket)
	s.backend(mux, "POST /v1/testing_tokens", s.createTicket)
}

func (s *server) createSession(r *http.Request) (any, error) {
	var in memberRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	return s.openSession(in.UserID)
}

// openSession signs a user in. The first organisation the user joined is the active one.
func (s *server) openSession(userID string) (session, error) {
	now := s.stamp()
	x := session{ID: newID("sess"), Object: "session", UserID: userID, Status: "active", CreatedAt: now, UpdatedAt: now}
	err := s.accounts.update(func(c *change) error {
		if _, found := s.accounts.users[userID]; !found {
			return notFound("user")
		}
		mine := sorted(s.accounts.memberships, func(m membership) bool { return m.PublicUserData.UserID == userID })
		if len(mine) > 0 {
			x.LastOrg = mine[0].Organization.ID
		}
		c.Sessions = append(c.Sessions, x)
		c.tell("session.created", x)
		return nil
	})
	return x, err
}

func (s *server) session(id string) (x session, err error) {
	s.accounts.read(func() {
		var found bool
		if x, found = s.accounts.sessions[id]; !found {
			err = notFound("session")
		}
	})
	return x, err
}

func (s *server) revokeSession(r *http.Request) (any, error) {
	var x session
	err := s.accounts.update(func(c *change) error {
		var found bool
		if x, found = s.accounts.sessions[r.PathValue("id")]; !found {
			return notFound("session")
		}
		x.Status, x.UpdatedAt = "revoked", s.stamp()
		c.Sessions = append(c.Sessions, x)
		c.tell("session.revoked", x)
		return nil
	})
	return x, err
}

type tokenAnswer struct {
	Object string `json:"object"`
	JWT    string `json:"jwt"`
}

func (s *server) createToken(r *http.Request) (any, error) {
	in := struct {
		ExpiresInSeconds int `json:"expires_in_seconds"`
	}{defaultTTL}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.ExpiresInSeconds < 30 {
		return nil, invalid("form_param_value_invalid", "expires_in_seconds is at least 30")
	}
	return s.sessionToken(r.PathValue("id"), in.ExpiresInSeconds)
}

// sessionToken is a token of an active session, as the browser would fetch it.
func (s *server) sessionToken(id string, ttl int) (tokenAnswer, error) {
	x, err := s.session(id)
	if err != nil {
		return tokenAnswer{}, err
	}
	if x.Status != "active" {
		return tokenAnswer{}, notFound("active session")
	}
	age := s.now().Sub(time.UnixMilli(x.CreatedAt))
	fva := json.RawMessage(fmt.Sprintf("[%d,-1]", int(age.Minutes())))
	jwt, err := s.mint(tokenRequest{User: x.UserID, Org: x.LastOrg, SID: x.ID, TTL: ttl, FVA: fva})
	return tokenAnswer{"token", jwt}, err
}

// createTicket serves the two token kinds that only tests of a sign-in page use; nothing here
// redeems them.
func (s *server) createTicket(r *http.Request) (any, error) {
	var in memberRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	return map[string]any{"object": "sign_in_token", "id": newID("sit"), "user_id": in.UserID, "token": newID("ticket"), "status": "pending"}, nil
}
