package auth

import (
	"crypto/rsa"
	"crypto/sha256"
	"sync"
)

// signed remembers which tokens were found to be signed by which key. A page sends the same token with all it asks for
// within a minute, and the signature is the dearest part of a small read. Nothing else is remembered: a key that was
// withdrawn, a token that has expired and a claim out of place refuse the token the next time as they would the first.
// Only good signatures come in, so nobody fills it with made-up tokens. It holds no token, but its SHA-256.
type signed struct {
	mu   sync.Mutex
	by   [64]signature
	next int
}

type signature struct {
	token [sha256.Size]byte
	key   *rsa.PublicKey // nil: an empty place
}

func (s *signed) has(one signature) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.by {
		if known == one {
			return true
		}
	}
	return false
}

// add takes the place of the oldest.
func (s *signed) add(one signature) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by[s.next] = one
	s.next = (s.next + 1) % len(s.by)
}
