package auth

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v3"

	"fitkit/shared/retry"
)

const (
	// keysExpire is how long after its download a key set is believed, however often it is
	// used: a key that Clerk took out of the set is refused after this at the latest.
	keysExpire = 10 * time.Minute
	// keysRenew is when a set in use is asked for again, so that an outage of the key
	// server shorter than the difference to keysExpire is not noticed by anyone.
	keysRenew = 5 * time.Minute
	// downloadEvery bounds downloads while a set is believed: unknown key ids are free to
	// make up. Without any set nothing works, so the next try comes sooner.
	downloadEvery      = 30 * time.Second
	downloadEveryEmpty = time.Second

	downloadTimeout = 3 * time.Second
	maxKeySet       = 64 << 10 // bytes
)

// KeySet is a key source that downloads a JSON Web Key Set over HTTP and caches it. It is
// safe for concurrent use; callers wait for a download in progress.
type KeySet struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu         sync.Mutex
	keys       map[string]*rsa.PublicKey
	downloaded time.Time // when the download of keys began
	tried      time.Time // when the last download began, or failed
	failure    error     // why the last download failed; nil when it did not
	rested     time.Time // until when Clerk asked to be left alone
}

// NewKeySet returns a source for the set at url, as <issuer>/.well-known/jwks.json. It
// connects on the first use. A nil transport is http.DefaultTransport.
func NewKeySet(url string, transport http.RoundTripper, now func() time.Time) *KeySet {
	client := &http.Client{
		Transport: transport,
		Timeout:   downloadTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	// Lambda freezes the process between calls and the monotonic clock with it, so ages
	// are reckoned on the wall clock.
	return &KeySet{url: url, client: client, now: func() time.Time { return now().Round(0) }}
}

// Key returns the key named kid. Without a believable set it is ErrKeysUnavailable, and so
// is an unknown kid whose set could not be renewed: the key may be a new one.
func (s *KeySet) Key(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due(kid) {
		s.download(ctx)
	}
	key, known := s.keys[kid]
	switch {
	case !s.believed(keysExpire), !known && s.failure != nil:
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, s.failure)
	case !known:
		return nil, errUnknownKey
	}
	return key, nil
}

// due reports whether to download before answering for kid.
func (s *KeySet) due(kid string) bool {
	if s.now().Before(s.rested) {
		return false
	}
	wait := downloadEvery
	if !s.believed(keysExpire) {
		wait = downloadEveryEmpty
	}
	if age := s.now().Sub(s.tried); age >= 0 && age < wait {
		return false
	}
	_, known := s.keys[kid]
	return !known || !s.believed(keysRenew)
}

// believed reports whether the set is younger than limit. A clock set back makes it older
// than anything.
func (s *KeySet) believed(limit time.Duration) bool {
	age := s.now().Sub(s.downloaded)
	return s.keys != nil && age >= 0 && age < limit
}

// download replaces the set, or leaves it as it is when that fails. The caller's leaving
// does not stop it, since the others want its result too.
func (s *KeySet) download(ctx context.Context) {
	s.tried = s.now()
	keys, err := s.fetch(context.WithoutCancel(ctx))
	s.failure = err
	if err != nil {
		s.tried = s.now() // whoever waited in line for it shares the failure
		return
	}
	s.keys, s.downloaded = keys, s.tried
}

func (s *KeySet) fetch(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		s.rested = s.tried.Add(min(downloadEvery, retry.After(res.Header, s.tried)))
	}
	if res.StatusCode != http.StatusOK || len(body) > maxKeySet {
		return nil, fmt.Errorf("status %d, %d bytes", res.StatusCode, len(body))
	}
	return parseKeySet(body)
}

// parseKeySet keeps the keys that can sign session tokens. Others (another type, another
// use) are passed over, so that Clerk may add them; a set without any is no set.
func parseKeySet(body []byte) (map[string]*rsa.PublicKey, error) {
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, err
	}
	keys := map[string]*rsa.PublicKey{}
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || k.KeyID == "" {
			continue
		}
		key, ok := k.Key.(*rsa.PublicKey)
		if !ok || key.N.BitLen() < minKeyBits || k.Use != "sig" && k.Use != "" || k.Algorithm != "RS256" && k.Algorithm != "" {
			continue
		}
		keys[k.KeyID] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set holds no usable key")
	}
	return keys, nil
}
