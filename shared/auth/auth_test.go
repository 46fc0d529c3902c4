package auth

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"fitkit/shared/auth/authtest"
)

var testPolicy = Policy{Issuer: "https://clerk.test", AuthorizedParties: []string{"https://app.test"}}

// goodClaims is a version 2 payload that testPolicy accepts at now.
func goodClaims(now time.Time) map[string]any {
	return map[string]any{
		"v": 2, "iss": "https://clerk.test", "azp": "https://app.test", "sub": "user_1", "sid": "sess_1",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Unix() + 60, "fva": []int{0, -1},
	}
}

// verifyClaims presents claims under a known key at instant now.
func verifyClaims(t *testing.T, now time.Time, claims any) (Session, error) {
	t.Helper()
	key := privateKeys()[0]
	token, err := authtest.Sign(key, "ins_a", claims)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(testPolicy, keyMap{"ins_a": &key.PublicKey}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(t.Context(), token)
}

func TestOneClaimOutOfPlaceRefusesTheToken(t *testing.T) {
	now := time.Unix(1_767_268_800, 0)
	for name, change := range map[string]map[string]any{
		"an expiry that overflows the lifetime's reckoning": {"exp": int64(1) << 62, "iat": -(int64(1) << 62)},
		"an expiry far away":                    {"exp": int64(9_223_372_036_854_775_807)},
		"a start that wraps around to the past": {"nbf": int64(9_223_372_036_854_775_807)},
		"an issue date before 1970":             {"iat": -1},
		"an expiry with a fraction":             {"exp": float64(now.Unix()) + 0.5},
		"no nbf":                                {"nbf": nil},
		"no iat":                                {"iat": nil},
		"an empty session id":                   {"sid": ""},
		"factor ages that are null":             {"fva": []any{nil, nil}},
		"three factor ages":                     {"fva": []int{0, 0, 0}},
		"factor ages as text":                   {"fva": []string{"0", "-1"}},
		"an actor without a name":               {"act": map[string]any{}},
		"version null":                          {"v": nil},
		"version as text":                       {"v": "2"},
		"an audience list":                      {"aud": []string{}},
		"an unknown status":                     {"sts": "expired"},
		"an organisation as text":               {"o": "org_1"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := goodClaims(now)
			maps.Copy(claims, change)
			if _, err := verifyClaims(t, now, claims); !errors.Is(err, ErrInvalidToken) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := verifyClaims(t, now, goodClaims(now)); err != nil {
		t.Fatalf("the unchanged claims are refused: %v", err)
	}
}

func TestASecondSpellingOfATokenIsRefused(t *testing.T) {
	now := time.Unix(1_767_268_800, 0)
	key := privateKeys()[0]
	token, err := authtest.Sign(key, "ins_a", goodClaims(now))
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(testPolicy, keyMap{"ins_a": &key.PublicKey}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	// 256 bytes of signature leave two unused bits in the last letter; the next letter of
	// the alphabet differs in those alone.
	last := token[len(token)-1]
	for name, other := range map[string]string{
		"unused bits set":            token[:len(token)-1] + string(last+1),
		"a line's end in the middle": token[:40] + "\n" + token[40:],
		"a line's end after it":      token + "\r\n",
		"a blank before it":          " " + token,
		"padding":                    token + "==",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := v.Verify(t.Context(), other); !errors.Is(err, ErrInvalidToken) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatalf("the token itself: %v", err)
	}
}

func TestAPendingSessionIsItsOwnError(t *testing.T) {
	now := time.Unix(1_767_268_800, 0)
	for _, version := range []int{1, 2} {
		claims := goodClaims(now)
		claims["sts"], claims["v"] = "pending", version
		if _, err := verifyClaims(t, now, claims); !errors.Is(err, ErrSessionPending) || errors.Is(err, ErrInvalidToken) {
			t.Fatalf("version %d: %v", version, err)
		}
	}
}

func TestATokenEndsWithItsLifeAndTheLeeway(t *testing.T) {
	issued := time.Unix(1_767_268_800, 0)
	for name, tc := range map[string]struct {
		after time.Duration
		good  bool
	}{
		"6 s before it was issued":     {-6 * time.Second, false},
		"5 s before it was issued":     {-5 * time.Second, true},
		"in its last second of leeway": {64 * time.Second, true},
		"when the leeway is over":      {65 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := verifyClaims(t, issued.Add(tc.after), goodClaims(issued)); (err == nil) != tc.good {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestTheSessionCarriesItsTimesAndOrigin(t *testing.T) {
	now := time.Unix(1_767_268_800, 0)
	s, err := verifyClaims(t, now, goodClaims(now))
	if err != nil {
		t.Fatal(err)
	}
	if s.AuthorizedParty != "https://app.test" || !s.IssuedAt.Equal(now) || !s.ExpiresAt.Equal(now.Add(time.Minute)) || s.IssuedAt.Location() != time.UTC {
		t.Fatalf("read %+v", s)
	}
}

// A token of 200 kB is refused for its size: no key is looked up and nothing is decoded.
func TestAnOverlongTokenIsRefusedBySize(t *testing.T) {
	v, err := NewVerifier(testPolicy, keyMap(nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("e", 200_000)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, ErrInvalidToken) {
		t.Fatalf("got %v", err)
	}
	if allocations := testing.AllocsPerRun(10, func() { _, _ = v.Verify(t.Context(), token) }); allocations > 5 {
		t.Fatalf("%v allocations: the token was looked into", allocations)
	}
}

func TestAnIncompletePolicyDoesNotStart(t *testing.T) {
	for name, p := range map[string]Policy{
		"no issuer":      {AuthorizedParties: []string{"https://app.test"}},
		"no parties":     {Issuer: "https://clerk.test"},
		"an empty party": {Issuer: "https://clerk.test", AuthorizedParties: []string{"https://app.test", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewVerifier(p, keyMap(nil), time.Now); err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func TestAStaticKeyIsTheOnlyKey(t *testing.T) {
	mine, other := privateKeys()[0], privateKeys()[1]
	der, err := x509.MarshalPKIXPublicKey(mine.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	for name, written := range map[string]string{"with line ends": text, `with \n`: strings.ReplaceAll(text, "\n", `\n`)} {
		t.Run(name, func(t *testing.T) {
			keys, err := StaticKey(written)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			v, err := NewVerifier(testPolicy, keys, func() time.Time { return now })
			if err != nil {
				t.Fatal(err)
			}
			for _, signer := range privateKeys() {
				token, err := authtest.Sign(signer, "ins_any", goodClaims(now))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := v.Verify(t.Context(), token); (err == nil) != (signer == mine) {
					t.Fatalf("signed by the other key %v: %v", signer == other, err)
				}
			}
		})
	}
	for name, bad := range map[string]string{"empty": "", "not PEM": "sk_test_x", "two keys": text + text, "not a key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"} {
		if _, err := StaticKey(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStepUp(t *testing.T) {
	age := func(m int) *int { return &m }
	for name, tc := range map[string]struct {
		first, second *int
		strictMFA     bool
		strict        bool
		moderate      bool
	}{
		"nothing was ever proved":                     {nil, nil, false, false, false},
		"the first just now, no second":               {age(0), nil, true, true, true},
		"the first ten minutes ago, no second":        {age(10), nil, false, false, true},
		"the first long ago, the second just now":     {age(600), age(0), false, true, true},
		"the first just now, the second long ago":     {age(0), age(600), false, false, false},
		"both within ten minutes":                     {age(9), age(9), true, true, true},
		"the second alone, which Clerk does not give": {nil, age(1), false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := Session{Factors: FactorAges{First: tc.first, Second: tc.second}}
			if s.Fresh(StepUpStrictMFA) != tc.strictMFA || s.Fresh(StepUpStrict) != tc.strict || s.Fresh(StepUpModerate) != tc.moderate {
				t.Fatalf("strict MFA %v, strict %v, moderate %v", s.Fresh(StepUpStrictMFA), s.Fresh(StepUpStrict), s.Fresh(StepUpModerate))
			}
		})
	}
}
