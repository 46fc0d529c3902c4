package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fitkit/shared/auth/authtest"
)

// A token that was accepted once is refused for every reason that would have refused it the first time. The test went red when
// the signature was remembered without its key, and when the token was remembered by its last part alone.
func TestATokenThatWasAcceptedIsHeldToEverythingAgain(t *testing.T) {
	began := time.Unix(1_767_268_800, 0)
	now, mine, other := began, privateKeys()[0], privateKeys()[1]
	keys := keyMap{"ins_a": &mine.PublicKey}
	v, err := NewVerifier(testPolicy, keys, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	token, err := authtest.Sign(mine, "ins_a", goodClaims(began))
	if err != nil {
		t.Fatal(err)
	}
	forged := goodClaims(began)
	forged["sub"] = "user_2"
	unsigned, err := authtest.Sign(other, "ins_a", forged)
	if err != nil {
		t.Fatal(err)
	}
	signature := token[strings.LastIndexByte(token, '.'):]
	unsigned = unsigned[:strings.LastIndexByte(unsigned, '.')] + signature
	verify := func(token string) error { _, err := v.Verify(t.Context(), token); return err }
	for range 2 {
		if s, err := v.Verify(t.Context(), token); err != nil || s.UserID != "user_1" {
			t.Fatalf("%v %+v", err, s)
		}
	}
	if err := verify(unsigned); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("another payload under its signature: %v", err)
	}
	now = began.Add(-time.Minute)
	if err := verify(token); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("before it is valid: %v", err)
	}
	now = began.Add(2 * time.Minute)
	if err := verify(token); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("after it has expired: %v", err)
	}
	now = began
	if err := verify(token); err != nil {
		t.Fatalf("it is good again: %v", err)
	}
	keys["ins_a"] = &other.PublicKey
	if err := verify(token); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("its key was replaced: %v", err)
	}
	delete(keys, "ins_a")
	if err := verify(token); err == nil {
		t.Error("its key was withdrawn, and it was accepted")
	}
}

// More tokens than are remembered are all judged, those that were forgotten too.
func TestManyTokensAtATime(t *testing.T) {
	now, key := time.Unix(1_767_268_800, 0), privateKeys()[0]
	v, err := NewVerifier(testPolicy, keyMap{"ins_a": &key.PublicKey}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, len(v.signed.by)+8)
	for i := range tokens {
		claims := goodClaims(now)
		claims["sid"] = "sess_" + strings.Repeat("x", i+1)
		if tokens[i], err = authtest.Sign(key, "ins_a", claims); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for i, token := range tokens {
			if s, err := v.Verify(t.Context(), token); err != nil || len(s.SessionID) != len("sess_")+i+1 {
				t.Fatalf("token %d: %v %s", i, err, s.SessionID)
			}
		}
	}
}
