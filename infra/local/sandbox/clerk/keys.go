package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// keyBits is the size of the vendor's RS256 keys.
const keyBits = 2048

// keyRing is the signing keys, newest last. The newest signs; all are published. The ring lives
// in a file, so that tokens and caches of the public keys outlive a restart.
type keyRing struct {
	path string

	mu   sync.Mutex
	keys []signingKey
}

// signingKey is one RS256 key and its name.
type signingKey struct {
	KID string `json:"kid"`
	DER []byte `json:"pkcs8"`

	private *rsa.PrivateKey
}

// loadKeys reads the ring, or makes one of two keys.
func loadKeys(path string) (*keyRing, error) {
	r := &keyRing{path: path}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		for range 2 {
			if err := r.rotate(); err != nil {
				return nil, err
			}
		}
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	if err := json.Unmarshal(text, &r.keys); err != nil {
		return nil, fmt.Errorf("read keys %s: %w", path, err)
	}
	for i := range r.keys {
		if err := r.keys[i].parse(); err != nil {
			return nil, fmt.Errorf("read keys %s: %w", path, err)
		}
	}
	return r, nil
}

func (k *signingKey) parse() error {
	parsed, err := x509.ParsePKCS8PrivateKey(k.DER)
	if err != nil {
		return err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return fmt.Errorf("key %s is not an RSA key", k.KID)
	}
	k.private = private
	return nil
}

func newSigningKey() (signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return signingKey{}, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	return signingKey{KID: newID("ins"), DER: der, private: private}, err
}

// rotate adds a key that signs from now on; the others stay published.
func (r *keyRing) rotate() error {
	k, err := newSigningKey()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, k)
	return r.save()
}

// remove takes a key out of the ring. The last one stays.
func (r *keyRing) remove(kid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.IndexFunc(r.keys, func(k signingKey) bool { return k.KID == kid })
	if at < 0 {
		return notFound("key")
	}
	if len(r.keys) == 1 {
		return invalid("last_key", "the last key cannot be removed; rotate first")
	}
	r.keys = slices.Delete(r.keys, at, at+1)
	return r.save()
}

// save replaces the file in one step. The caller holds the lock.
func (r *keyRing) save() error {
	text, err := json.Marshal(r.keys)
	if err != nil {
		return fmt.Errorf("encode keys: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o700); err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	if err := os.WriteFile(r.path+".new", text, 0o600); err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	return os.Rename(r.path+".new", r.path)
}

func (r *keyRing) active() signingKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[len(r.keys)-1]
}

// jwk is a public key as the key set publishes it.
type jwk struct {
	Use string `json:"use"`
	Kty string `json:"kty"`
	KID string `json:"kid"`
	Alg string `json:"alg"`
	N   string `json:"n"`
	E   string `json:"e"`
}

type keySet struct {
	Keys []jwk `json:"keys"`
}

func (r *keyRing) public() keySet {
	r.mu.Lock()
	defer r.mu.Unlock()
	set := keySet{Keys: []jwk{}}
	for _, k := range r.keys {
		pub := k.private.PublicKey
		set.Keys = append(set.Keys, jwk{"sig", "RSA", k.KID, "RS256", encode(pub.N.Bytes()), encode(big.NewInt(int64(pub.E)).Bytes())})
	}
	return set
}

// pem is the active public key as CLERK_JWT_KEY wants it.
func (r *keyRing) pem() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(r.active().private.Public())
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
