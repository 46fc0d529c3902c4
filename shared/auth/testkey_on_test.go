//go:build fitkit_testhooks

package auth

import (
	"errors"
	"testing"
	"time"

	"fitkit/shared/auth/authtest"
)

func TestWithTheTagTheTestKeyIsASecondKeyUnderTheSamePolicy(t *testing.T) {
	private, err := authtest.TestKey()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_767_268_800, 0)
	keys, err := WithTestKey(keyMap{"ins_a": &privateKeys()[0].PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(testPolicy, keys, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	good, foreign := goodClaims(now), goodClaims(now)
	foreign["iss"] = "https://clerk.evil.test"
	for name, tc := range map[string]struct {
		kid    string
		claims any
		want   error
	}{
		"a test token":                        {authtest.TestKeyID, good, nil},
		"a test token of another issuer":      {authtest.TestKeyID, foreign, ErrInvalidToken},
		"the test key under another key's id": {"ins_a", good, ErrInvalidToken},
		"the test key under an id nobody has": {"ins_z", good, ErrInvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := authtest.Sign(private, tc.kid, tc.claims)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Verify(t.Context(), token); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
}
