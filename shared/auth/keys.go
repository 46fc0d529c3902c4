package auth

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// minKeyBits is the smallest RSA modulus that RS256 allows (RFC 7518, 3.3).
const minKeyBits = 2048

// KeySource finds the public key for a token's key id. An id that it can rule out is
// ErrInvalidToken; when it cannot tell, the error is ErrKeysUnavailable.
type KeySource interface {
	Key(ctx context.Context, kid string) (*rsa.PublicKey, error)
}

// errUnknownKey is the answer for a key id that is in no current set.
var errUnknownKey = invalid("signed by an unknown key")

type staticKey struct{ key *rsa.PublicKey }

// StaticKey parses CLERK_JWT_KEY: one RSA public key in PEM, whose line ends may be written
// as \n, as environments without line ends need. It is the only key then; its id is not
// known and not compared.
func StaticKey(text string) (KeySource, error) {
	block, rest := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil || len(strings.TrimSpace(string(rest))) != 0 {
		return nil, errors.New("auth: the key is not one PEM block")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("auth: the key is not a public key in PKIX form")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return nil, errors.New("auth: the key is not an RSA key of at least 2048 bits")
	}
	return staticKey{key}, nil
}

func (s staticKey) Key(context.Context, string) (*rsa.PublicKey, error) { return s.key, nil }
