// Package auth verifies Clerk session tokens in process: RS256, one exact issuer, an exact
// list of origins, short lives, and nothing accepted that was not stated. It holds no Clerk
// secret and, with a static key, opens no connection.
//
// A session says who calls and which staff organisation Clerk had active when it issued the
// token, up to a minute ago. What the caller may do is decided by our own tables.
package auth

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v3"
)

var (
	// ErrInvalidToken means the token proves nothing (401). The error's text gives a reason
	// for the log; it never contains any part of the token.
	ErrInvalidToken = errors.New("auth: invalid session token")
	// ErrSessionPending means the signature is good but a task of the sign-in is still open,
	// as choosing an organisation (401, code SESSION_PENDING).
	ErrSessionPending = errors.New("auth: the session has an open task")
	// ErrKeysUnavailable means the token cannot be judged, because the key set cannot be
	// had (503, never 401: the caller must not be signed out for our trouble).
	ErrKeysUnavailable = errors.New("auth: signing keys are unavailable")
)

// Policy is what a token must satisfy. All of it is required.
type Policy struct {
	Issuer            string        // exact, as https://clerk.example.com
	AuthorizedParties []string      // exact origins that azp may name
	Leeway            time.Duration // how far clocks may differ; 5 s by default
	MaxLifetime       time.Duration // longest exp − iat; an hour by default
}

// Session is what a verified token says.
type Session struct {
	UserID          string // user_…
	SessionID       string // sess_…
	AuthorizedParty string // the page's origin, one of the policy's
	Org             *Org   // nil when no organisation is active, as for members
	Factors         FactorAges
	ImpersonatorID  string // who acts in the user's name, for the audit log; empty when nobody does
	IssuedAt        time.Time
	ExpiresAt       time.Time
}

// Org is the Clerk organisation that was active when the token was issued.
type Org struct {
	ID          string   // org_…
	Slug        string   // may be empty
	Role        string   // with its prefix, as org:admin
	Permissions []string // custom ones only, as org:members:read
}

// Verifier checks tokens against a policy. It is safe for concurrent use.
type Verifier struct {
	policy Policy
	keys   KeySource
	now    func() time.Time
	signed signed
}

// NewVerifier returns a verifier, or an error that names what the policy lacks. A zero
// Leeway or MaxLifetime takes its default.
func NewVerifier(p Policy, keys KeySource, now func() time.Time) (*Verifier, error) {
	if p.Issuer == "" {
		return nil, errors.New("auth: the policy names no issuer")
	}
	if len(p.AuthorizedParties) == 0 || slices.Contains(p.AuthorizedParties, "") {
		return nil, errors.New("auth: the policy must name its authorized parties, none of them empty")
	}
	if p.Leeway == 0 {
		p.Leeway = 5 * time.Second
	}
	if p.MaxLifetime == 0 {
		p.MaxLifetime = time.Hour
	}
	return &Verifier{policy: p, keys: keys, now: now}, nil
}

// Verify returns the session that token proves, or an error that is ErrInvalidToken,
// ErrSessionPending or ErrKeysUnavailable. The signature is checked before any claim is read.
func (v *Verifier) Verify(ctx context.Context, token string) (Session, error) {
	kid, payload, err := open(token)
	if err != nil {
		return Session{}, err
	}
	key, err := v.keys.Key(ctx, kid)
	if err != nil {
		return Session{}, err
	}
	if err := v.checkSignature(token, key); err != nil {
		return Session{}, err
	}
	return v.read(payload)
}

func (v *Verifier) checkSignature(token string, key *rsa.PublicKey) error {
	one := signature{sha256.Sum256([]byte(token)), key}
	if v.signed.has(one) {
		return nil
	}
	parsed, err := jose.ParseSigned(token)
	if err != nil {
		return invalid("not a signed token")
	}
	if _, err := parsed.Verify(key); err != nil {
		return invalid("the signature does not match")
	}
	v.signed.add(one)
	return nil
}

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalidToken, reason) }
