package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"fitkit/shared/secret"
)

// indexDomain keeps these MACs apart from any other use that the key might be put to.
const indexDomain = "fitkit/blind-index/1"

// BlindIndex makes search digests of sealed values: equal values of one organisation's
// field give equal digests, and without the key a digest tells nothing. Its key stays
// outside the rings, so that uniqueness holds while a rotation runs. It is safe for
// concurrent use.
type BlindIndex struct{ key [keySize]byte }

// NewBlindIndex parses a key of 64 hexadecimal digits. An error wraps ErrKey.
func NewBlindIndex(key secret.Secret) (*BlindIndex, error) {
	parsed, err := parseKey(key)
	if err != nil {
		return nil, fmt.Errorf("index key: %w", err)
	}
	return &BlindIndex{key: parsed}, nil
}

// Sum is the HMAC-SHA256 (32 bytes) of value under the organisation and the field it
// belongs to. The organisation is part of it: the same person in two studios gives two
// digests, so that the studios' tables cannot be joined. Normalise value first.
func (b *BlindIndex) Sum(org, field, value string) []byte {
	mac := hmac.New(sha256.New, b.key[:])
	mac.Write(fields(indexDomain, org, field, value))
	return mac.Sum(nil)
}

// Format keeps the key out of every print of an index.
func (BlindIndex) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "seal.BlindIndex{[redacted]}") }
