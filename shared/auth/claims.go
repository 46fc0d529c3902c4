package auth

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v3/json"
)

// claims is a token's payload in both of Clerk's versions. Pointers tell an absent claim
// from a zero one: a missing fva must not read as "verified 0 minutes ago".
type claims struct {
	Version json.RawMessage `json:"v"` // absent or 1: org_*; 2: o
	Issuer  string          `json:"iss"`
	Subject string          `json:"sub"`
	Session string          `json:"sid"`
	Party   string          `json:"azp"`
	Status  string          `json:"sts"`
	Aud     json.RawMessage `json:"aud"`

	IssuedAt  *int64 `json:"iat"` // seconds, as the next two
	NotBefore *int64 `json:"nbf"`
	Expires   *int64 `json:"exp"`

	Factors []*int64 `json:"fva"`
	Actor   *actor   `json:"act"`

	OrgID          string   `json:"org_id"`
	OrgSlug        string   `json:"org_slug"`
	OrgRole        string   `json:"org_role"`
	OrgPermissions []string `json:"org_permissions"`

	Org      *orgV2 `json:"o"`
	Features string `json:"fea"`
}

type actor struct {
	Subject string `json:"sub"`
}

type orgV2 struct {
	ID          string `json:"id"`
	Slug        string `json:"slg"`
	Role        string `json:"rol"` // without org:
	Permissions string `json:"per"`
	Map         string `json:"fpm"`
}

// read turns a payload whose signature is good into a session, if the policy allows it.
func (v *Verifier) read(payload []byte) (Session, error) {
	var c claims
	if !utf8.Valid(payload) || json.Unmarshal(payload, &c) != nil {
		return Session{}, invalid("malformed claims")
	}
	if err := v.checkParties(c); err != nil {
		return Session{}, err
	}
	if err := v.checkTimes(c); err != nil {
		return Session{}, err
	}
	factors, err := factorAges(c.Factors)
	if err != nil {
		return Session{}, err
	}
	org, err := c.organisation()
	if err != nil {
		return Session{}, err
	}
	switch c.Status {
	case "", "active":
	case "pending":
		return Session{}, ErrSessionPending
	default:
		return Session{}, invalid("unknown session status")
	}
	s := Session{
		UserID: c.Subject, SessionID: c.Session, AuthorizedParty: c.Party, Org: org, Factors: factors,
		IssuedAt: time.Unix(*c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(*c.Expires, 0).UTC(),
	}
	if c.Actor != nil {
		s.ImpersonatorID = c.Actor.Subject
	}
	return s, nil
}

// checkParties holds who issued the token, for whom, and in whose name.
func (v *Verifier) checkParties(c claims) error {
	switch {
	case c.Issuer != v.policy.Issuer:
		return invalid("another issuer")
	case !slices.Contains(v.policy.AuthorizedParties, c.Party):
		return invalid("azp is missing or not an authorized party")
	case c.Aud != nil:
		return invalid("made for an audience; session tokens name none")
	case !strings.HasPrefix(c.Subject, "user_"):
		return invalid("the subject is not a user")
	case c.Session == "":
		return invalid("no session id")
	case c.Actor != nil && c.Actor.Subject == "":
		return invalid("impersonated by nobody")
	}
	return nil
}

// checkTimes holds exp, nbf and iat. The times are bounded before they are subtracted, so
// that no absurd figure can overflow its way past the longest lifetime.
func (v *Verifier) checkTimes(c claims) error {
	const endOfTime = 1 << 40
	for _, at := range []*int64{c.Expires, c.IssuedAt, c.NotBefore} {
		if at == nil || *at <= 0 || *at > endOfTime {
			return invalid("exp, iat and nbf must be there, in seconds")
		}
	}
	now := v.now()
	latest := now.Add(v.policy.Leeway)
	expires, issued, starts := time.Unix(*c.Expires, 0), time.Unix(*c.IssuedAt, 0), time.Unix(*c.NotBefore, 0)
	switch {
	case !now.Before(expires.Add(v.policy.Leeway)):
		return invalid("expired")
	case starts.After(latest), issued.After(latest):
		return invalid("not valid yet")
	case expires.Sub(issued) > v.policy.MaxLifetime:
		return invalid("lives too long")
	}
	return nil
}

// organisation reads org_* for version 1 and o for version 2, never one for the other: the
// names of the other version are open to custom claims.
func (c claims) organisation() (*Org, error) {
	switch string(c.Version) {
	case "", "1":
		if c.OrgID == "" {
			return nil, nil
		}
		return &Org{ID: c.OrgID, Slug: c.OrgSlug, Role: c.OrgRole, Permissions: c.OrgPermissions}, nil
	case "2":
		if c.Org == nil || c.Org.ID == "" {
			return nil, nil
		}
		org := &Org{ID: c.Org.ID, Slug: c.Org.Slug, Permissions: c.Org.permissions(c.Features)}
		if c.Org.Role != "" {
			org.Role = "org:" + c.Org.Role
		}
		return org, nil
	}
	return nil, invalid("unknown version of the claims")
}

// permissions decodes version 2's map: for the i-th feature, bit j of fpm[i] (lowest
// first) grants the j-th permission. Features of users count in i and grant nothing here.
func (o orgV2) permissions(features string) []string {
	var granted []string
	names, masks := strings.Split(o.Permissions, ","), strings.Split(o.Map, ",")
	for i, feature := range strings.Split(features, ",") {
		scope, feature, found := strings.Cut(feature, ":")
		if !found || !strings.Contains(scope, "o") || i >= len(masks) {
			continue
		}
		mask, err := strconv.ParseUint(masks[i], 10, 64)
		if err != nil {
			continue // no figure, no permission
		}
		for j, name := range names {
			if mask>>j&1 == 1 && name != "" {
				granted = append(granted, "org:"+feature+":"+name)
			}
		}
	}
	return granted
}
