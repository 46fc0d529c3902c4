package auth

import (
	"context"
	"crypto/rsa"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"fitkit/shared/vectors"
)

type tokenVectors struct {
	Policy struct {
		Leeway   int64    `json:"leeway_s"`
		Lifetime int64    `json:"max_lifetime_s"`
		Issuer   string   `json:"issuer"`
		Parties  []string `json:"authorized_parties"`
	}
	Count int
	Cases []tokenCase
}

type tokenCase struct {
	ID, Category, Token, Expect, Reason string
	Now                                 int64
	Claims                              map[string]any `json:"expect_claims"`
}

// keyMap is a key source without a clock or a network.
type keyMap map[string]*rsa.PublicKey

func (m keyMap) Key(_ context.Context, kid string) (*rsa.PublicKey, error) {
	if key, ok := m[kid]; ok {
		return key, nil
	}
	return nil, errUnknownKey
}

// TestSessionTokenVectors holds every case, "should" included, and every claim it states. It was seen red with an issuer that
// only had to begin with ours: the tokens of an issuer with a suffix or a blank after it were taken.
func TestSessionTokenVectors(t *testing.T) {
	set := vectors.Load[tokenVectors](t, "jwt_session_tokens.json")
	if len(set.Cases) == 0 || len(set.Cases) != set.Count {
		t.Fatalf("%d cases, want %d", len(set.Cases), set.Count)
	}
	keys, err := parseKeySet(vectors.Read(t, "jwks.json"))
	if err != nil {
		t.Fatal(err)
	}
	policy := Policy{
		Issuer: set.Policy.Issuer, AuthorizedParties: set.Policy.Parties,
		Leeway: time.Duration(set.Policy.Leeway) * time.Second, MaxLifetime: time.Duration(set.Policy.Lifetime) * time.Second,
	}
	for _, tc := range set.Cases {
		t.Run(tc.ID+" "+tc.Reason, func(t *testing.T) {
			v, err := NewVerifier(policy, keyMap(keys), func() time.Time { return time.Unix(tc.Now, 0) })
			if err != nil {
				t.Fatal(err)
			}
			s, err := v.Verify(t.Context(), tc.Token)
			if tc.Expect != "accept" {
				refusedWithoutShowing(t, err, tc.Token)
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			got := claimsOf(s)
			for name, want := range tc.Claims {
				if have, known := got[name]; !known || !reflect.DeepEqual(have, want) {
					t.Errorf("%s: read %v, want %v", name, have, want)
				}
			}
		})
	}
}

func refusedWithoutShowing(t *testing.T, err error, token string) {
	t.Helper()
	if !errors.Is(err, ErrInvalidToken) && !errors.Is(err, ErrSessionPending) {
		t.Fatalf("want a refusal, got %v", err)
	}
	for _, part := range strings.Split(token, ".") {
		if len(part) > 3 && strings.Contains(err.Error(), part) {
			t.Fatalf("the error shows a part of the token: %v", err)
		}
	}
}

// claimsOf writes a session in the words of the vector file, null where there is nothing.
func claimsOf(s Session) map[string]any {
	got := map[string]any{
		"sub": s.UserID, "sid": s.SessionID, "actor": s.ImpersonatorID,
		"needs_reverification": !s.Fresh(StepUpStrict),
		"org_id":               nil, "org_role": nil, "org_permissions": []any{},
	}
	if s.Org != nil {
		permissions := []any{}
		for _, p := range s.Org.Permissions {
			permissions = append(permissions, p)
		}
		got["org_id"], got["org_role"], got["org_permissions"] = s.Org.ID, s.Org.Role, permissions
	}
	return got
}
