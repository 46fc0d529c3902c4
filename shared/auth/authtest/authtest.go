// Package authtest signs session tokens for tests, for tools of the local platform and for the test hooks. No deployed
// function imports it.
package authtest

import (
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/go-jose/go-jose/v3/json"
)

// TestKeyID is the key id that binaries built with the tag fitkit_testhooks accept besides
// their own, when TEST_AUTH_BYPASS is set.
const TestKeyID = "fitkit_test_key"

//go:embed test_key.pem
var testKey []byte

// TestKey returns the private half of the built-in test key. It is public and worth
// nothing outside the test stages.
func TestKey() (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(testKey)
	if block == nil {
		return nil, errors.New("authtest: test_key.pem holds no PEM block")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("authtest: test_key.pem: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("authtest: test_key.pem is not an RSA key")
	}
	return key, nil
}

// Sign returns a compact RS256 token of claims (anything that encodes as a JSON object)
// under kid, with the header that Clerk writes. A string is taken as the payload itself.
func Sign(key *rsa.PrivateKey, kid string, claims any) (string, error) {
	payload, err := payloadOf(claims)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("authtest: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("authtest: %w", err)
	}
	return signed.CompactSerialize()
}

func payloadOf(claims any) ([]byte, error) {
	if text, ok := claims.(string); ok {
		return []byte(text), nil
	}
	return json.Marshal(claims)
}
