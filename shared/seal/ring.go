// Package seal encrypts single database values with AES-256-GCM and makes blind indexes
// of values that must be found again without being readable.
//
// An envelope is version (1 byte) | key id (4) | nonce (12) | ciphertext and tag. The
// version, the key id and the value's place (organisation, table, column, row) are
// authenticated with it, so a ciphertext copied to another row, column or organisation
// does not open there.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fitkit/shared/secret"
)

// version is the first byte of every envelope of this form.
const version = 1

const (
	keySize    = 32
	nonceSize  = 12
	tagSize    = 16
	headerSize = 1 + len(KeyID{})
)

var (
	// ErrUnknownKey means the envelope names a key that the ring does not hold: a key was
	// dropped too early or a function lacks its *_PREVIOUS list. It deserves an alarm.
	ErrUnknownKey = errors.New("seal: the envelope's key is not in the ring")
	// ErrOpen is every other failure to open. It does not say which, so that nobody can
	// learn about a plaintext by trying altered envelopes.
	ErrOpen = errors.New("seal: the envelope does not open here")
	// ErrKey means a key is not 64 hexadecimal digits, or two keys share an id.
	ErrKey = errors.New("seal: unusable key")
)

// KeyID names a key without telling it: the first four bytes of the key's SHA-256.
type KeyID [4]byte

// String returns the id in hexadecimal.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// Place is where a sealed value is stored. All four parts are authenticated.
type Place struct {
	Org    string // the organisation's UUID as text
	Table  string
	Column string
	Row    string // the row's id as text
}

// Ring holds the key that writes and the former ones that still read. It is safe for
// concurrent use.
type Ring struct {
	active KeyID
	keys   map[KeyID]cipher.AEAD
}

// NewRing parses an active key and the previous ones, each 64 hexadecimal digits. An error
// wraps ErrKey and never contains a key.
func NewRing(active secret.Secret, previous []secret.Secret) (*Ring, error) {
	first, err := parseKey(active)
	if err != nil {
		return nil, fmt.Errorf("active key: %w", err)
	}
	r := &Ring{active: idOf(first), keys: map[KeyID]cipher.AEAD{}}
	held := map[KeyID][keySize]byte{}
	for i, text := range append([]secret.Secret{active}, previous...) {
		key, err := parseKey(text)
		if err != nil {
			return nil, fmt.Errorf("previous key %d: %w", i, err)
		}
		id := idOf(key)
		if other, ok := held[id]; ok && other != key {
			return nil, fmt.Errorf("previous key %d: %w: another key has the id %s", i, ErrKey, id)
		}
		held[id] = key
		if r.keys[id], err = newAEAD(key); err != nil {
			return nil, fmt.Errorf("previous key %d: %w", i, err)
		}
	}
	return r, nil
}

// ActiveKey is the id of the key that writes; rows under another await re-encryption.
func (r *Ring) ActiveKey() KeyID { return r.active }

// Keys are the ids of all keys of the ring, the active one first and the others sorted.
func (r *Ring) Keys() []KeyID {
	former := slices.DeleteFunc(slices.Collect(maps.Keys(r.keys)), func(id KeyID) bool { return id == r.active })
	slices.SortFunc(former, func(a, b KeyID) int { return bytes.Compare(a[:], b[:]) })
	return append([]KeyID{r.active}, former...)
}

// Format keeps the keys out of every print of a ring.
func (r Ring) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "seal.Ring{active %s, %d keys}", r.active, len(r.keys))
}

// Seal encrypts plaintext for its place under the active key, with a fresh random nonce.
func (r *Ring) Seal(plaintext []byte, at Place) []byte {
	header := append([]byte{version}, r.active[:]...)
	// The AEAD puts its nonce before the ciphertext; header is copied, since the
	// associated data must not share memory with the output.
	return r.keys[r.active].Seal(append([]byte(nil), header...), nil, plaintext, associated(header, at))
}

// Open decrypts an envelope sealed for the same place. It fails with ErrUnknownKey when
// the ring lacks the envelope's key, and with ErrOpen in every other case.
func (r *Ring) Open(envelope []byte, at Place) ([]byte, error) {
	id, err := KeyOf(envelope)
	if err != nil {
		return nil, err
	}
	aead, ok := r.keys[id]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKey, id)
	}
	plaintext, err := aead.Open(nil, nil, envelope[headerSize:], associated(envelope[:headerSize], at))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// KeyOf reads which key an envelope was sealed under, for a rotation's progress. It fails
// with ErrOpen when the bytes are no envelope of this version.
func KeyOf(envelope []byte) (KeyID, error) {
	if len(envelope) < headerSize+nonceSize+tagSize || envelope[0] != version {
		return KeyID{}, ErrOpen
	}
	return KeyID(envelope[1:headerSize]), nil
}

// IsDevelopmentKey reports whether key is the public development default, 64 zeros, which
// a deployed stage must refuse.
func IsDevelopmentKey(key secret.Secret) bool {
	return key.Reveal() == strings.Repeat("0", 2*keySize)
}

func parseKey(text secret.Secret) (key [keySize]byte, err error) {
	raw, err := hex.DecodeString(text.Reveal())
	if err != nil || len(raw) != keySize {
		return key, fmt.Errorf("%w: want %d hexadecimal digits", ErrKey, 2*keySize)
	}
	return [keySize]byte(raw), nil
}

func idOf(key [keySize]byte) KeyID {
	sum := sha256.Sum256(key[:])
	return KeyID(sum[:len(KeyID{})])
}

// newAEAD makes AES-256-GCM with the only nonce form that FitKit writes: 96 random bits
// chosen by the AEAD itself and put before the ciphertext.
func newAEAD(key [keySize]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// associated is the authenticated data of an envelope: its header and its place.
func associated(header []byte, at Place) []byte {
	return fields(string(header), at.Org, at.Table, at.Column, at.Row)
}

// fields joins parts so that no two different lists give the same bytes: each is preceded
// by its length in four bytes.
func fields(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
