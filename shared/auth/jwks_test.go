package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	jose "github.com/go-jose/go-jose/v3"

	"fitkit/shared/auth/authtest"
)

// keyServer is Clerk's key endpoint: it counts downloads, and a test may break it.
type keyServer struct {
	mu        sync.Mutex
	keys      map[string]*rsa.PrivateKey
	downloads int
	broken    func(*http.Request) (*http.Response, error)
}

func (s *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.downloads++
	if s.broken != nil {
		return s.broken(r)
	}
	var set jose.JSONWebKeySet
	for kid, key := range s.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid, Algorithm: "RS256", Use: "sig"})
	}
	body, err := json.Marshal(set)
	return answer(http.StatusOK, string(body)), err
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func unreachable(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// world is a key server, a clock and a verifier over both.
type world struct {
	t      *testing.T
	server *keyServer
	now    time.Time
	verify *Verifier
}

var privateKeys = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, minKeyBits)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	w.server = &keyServer{keys: map[string]*rsa.PrivateKey{"ins_a": privateKeys()[0]}}
	clock := func() time.Time { return w.now }
	v, err := NewVerifier(testPolicy, NewKeySet("https://clerk.test/.well-known/jwks.json", w.server, clock), clock)
	if err != nil {
		t.Fatal(err)
	}
	w.verify = v
	return w
}

// call presents a fresh token signed by key under kid.
func (w *world) call(kid string, key *rsa.PrivateKey) error {
	w.t.Helper()
	token, err := authtest.Sign(key, kid, goodClaims(w.now))
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.verify.Verify(w.t.Context(), token)
	return err
}

func TestRandomKeyIDsCostNoMoreThanTwoDownloads(t *testing.T) {
	w := newWorld(t)
	for i := range 1000 {
		if err := w.call(fmt.Sprintf("ins_made_up_%d", i), privateKeys()[1]); !errors.Is(err, ErrInvalidToken) {
			t.Fatalf("token %d: %v", i, err)
		}
		w.now = w.now.Add(20 * time.Millisecond)
	}
	if w.server.downloads > 2 {
		t.Fatalf("%d downloads", w.server.downloads)
	}
	if err := w.call("ins_a", privateKeys()[0]); err != nil {
		t.Fatalf("an honest caller was refused: %v", err)
	}
}

func TestARemovedKeyIsRefusedWithinTenMinutesOfSteadyUse(t *testing.T) {
	w := newWorld(t)
	if err := w.call("ins_a", privateKeys()[0]); err != nil {
		t.Fatal(err)
	}
	w.server.keys = map[string]*rsa.PrivateKey{"ins_b": privateKeys()[1]}
	for range 600 {
		w.now = w.now.Add(time.Second)
		_ = w.call("ins_a", privateKeys()[0])
	}
	if err := w.call("ins_a", privateKeys()[0]); !errors.Is(err, ErrInvalidToken) {
		t.Fatalf("the removed key still counts after ten minutes: %v", err)
	}
	if w.server.downloads > 22 {
		t.Fatalf("%d downloads in ten minutes", w.server.downloads)
	}
}

func TestANewKeyIsFoundOnFirstUse(t *testing.T) {
	w := newWorld(t)
	if err := w.call("ins_a", privateKeys()[0]); err != nil {
		t.Fatal(err)
	}
	w.server.keys["ins_b"] = privateKeys()[1]
	w.now = w.now.Add(downloadEvery)
	if err := w.call("ins_b", privateKeys()[1]); err != nil {
		t.Fatalf("a key added to the set is refused: %v", err)
	}
}

func TestKnownKeysOutliveAnOutageUntilTheirHardExpiry(t *testing.T) {
	for name, broken := range map[string]func(*http.Request) (*http.Response, error){
		"nothing answers": unreachable,
		"a 500":           func(*http.Request) (*http.Response, error) { return answer(500, "{}"), nil },
		"a page of HTML":  func(*http.Request) (*http.Response, error) { return answer(200, "<html>"), nil },
		"an empty set":    func(*http.Request) (*http.Response, error) { return answer(200, `{"keys":[]}`), nil },
		"a huge answer": func(*http.Request) (*http.Response, error) {
			return answer(200, `{"keys":[]}`+strings.Repeat(" ", maxKeySet)), nil
		},
		"a redirect to another server": func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "clerk.test" {
				t.Error("the redirect was followed")
				return nil, errors.New("not our server")
			}
			res := answer(302, "")
			res.Header.Set("Location", "https://evil.test/jwks.json")
			return res, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.call("ins_a", privateKeys()[0]); err != nil {
				t.Fatal(err)
			}
			w.server.broken = broken
			w.now = w.now.Add(keysExpire - time.Second)
			if err := w.call("ins_a", privateKeys()[0]); err != nil {
				t.Fatalf("a known key within its ten minutes: %v", err)
			}
			if err := w.call("ins_b", privateKeys()[1]); !errors.Is(err, ErrKeysUnavailable) {
				t.Fatalf("a kid that nobody can rule out: %v", err)
			}
			w.now = w.now.Add(time.Second)
			if err := w.call("ins_a", privateKeys()[0]); !errors.Is(err, ErrKeysUnavailable) || errors.Is(err, ErrInvalidToken) {
				t.Fatalf("after the hard expiry: %v", err)
			}
			w.server.broken = nil
			w.now = w.now.Add(downloadEveryEmpty)
			if err := w.call("ins_a", privateKeys()[0]); err != nil {
				t.Fatalf("the service does not come back with the key server: %v", err)
			}
		})
	}
}

func TestAColdStartWithoutAKeyServerIsUnavailableAndRecovers(t *testing.T) {
	w := newWorld(t)
	w.server.broken = unreachable
	for range 100 {
		if err := w.call("ins_a", privateKeys()[0]); !errors.Is(err, ErrKeysUnavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if w.server.downloads != 1 {
		t.Fatalf("%d downloads in one instant", w.server.downloads)
	}
	w.server.broken = nil
	w.now = w.now.Add(downloadEveryEmpty)
	if err := w.call("ins_a", privateKeys()[0]); err != nil {
		t.Fatalf("one failed download must not shut the instance for long: %v", err)
	}
}

func TestAClockSetBackDoesNotProlongAKeySet(t *testing.T) {
	w := newWorld(t)
	if err := w.call("ins_a", privateKeys()[0]); err != nil {
		t.Fatal(err)
	}
	w.server.keys = map[string]*rsa.PrivateKey{"ins_b": privateKeys()[1]}
	w.now = w.now.Add(-24 * time.Hour)
	if err := w.call("ins_a", privateKeys()[0]); !errors.Is(err, ErrInvalidToken) {
		t.Fatalf("got %v", err)
	}
}

func TestASilentKeyServerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		set := NewKeySet("https://clerk.test/", &keyServer{broken: silent}, time.Now)
		if _, err := set.Key(t.Context(), "ins_a"); !errors.Is(err, ErrKeysUnavailable) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestManyCallersAtOnceShareOneDownload(t *testing.T) {
	w := newWorld(t)
	token, err := authtest.Sign(privateKeys()[0], "ins_a", goodClaims(w.now))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := w.verify.Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if w.server.downloads != 1 {
		t.Fatalf("%d downloads", w.server.downloads)
	}
}

func TestOnlySigningKeysOfASetAreTaken(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := privateKeys()[0].Public()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: good, KeyID: "good", Algorithm: "RS256", Use: "sig"},
		{Key: good, KeyID: "for encryption", Algorithm: "RS256", Use: "enc"},
		{Key: good, KeyID: "another algorithm", Algorithm: "RS512", Use: "sig"},
		{Key: weak.Public(), KeyID: "weak", Algorithm: "RS256", Use: "sig"},
		{Key: []byte("shared secret"), KeyID: "symmetric", Algorithm: "HS256", Use: "sig"},
		{Key: good, Algorithm: "RS256", Use: "sig"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := parseKeySet([]byte(strings.Replace(string(set), `{"keys":[`, `{"keys":[{"kty":"of tomorrow"},`, 1)))
	if err != nil || len(keys) != 1 || keys["good"] == nil {
		t.Fatalf("took %d keys, %v", len(keys), err)
	}
}

// TestClerkIsLeftAloneForAsLongAsItAsks, though never longer than unknown keys are: nobody can sign in meanwhile.
func TestClerkIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for after, want := range map[string]time.Duration{"10": 10 * time.Second, "3600": downloadEvery, "": downloadEveryEmpty} {
		w := newWorld(t)
		w.server.broken = func(*http.Request) (*http.Response, error) {
			busy := answer(http.StatusTooManyRequests, "")
			busy.Header.Set("Retry-After", after)
			return busy, nil
		}
		asked := func(passed time.Duration) int {
			w.now = w.now.Add(passed)
			if _, err := w.verify.keys.Key(t.Context(), "ins_a"); !errors.Is(err, ErrKeysUnavailable) {
				t.Errorf("%q: %v", after, err)
			}
			return w.server.downloads
		}
		if asked(0) != 1 || asked(want-time.Millisecond) != 1 || asked(time.Millisecond) != 2 {
			t.Errorf("%q: %d downloads, the second one not after %s", after, w.server.downloads, want)
		}
	}
}
