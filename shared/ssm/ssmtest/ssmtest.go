// Package ssmtest is a parameter store for tests: it speaks the service's protocol and believes no signature that the SDK's
// signer would not have made.
package ssmtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The keys that the store knows, and its region.
const (
	KeyID, KeySecret, KeyToken = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a+token/="
	Region                     = "eu-central-1"
)

// Store is one region's parameter store.
type Store struct {
	URL string

	mu     sync.Mutex
	values map[string]string
	before func(w http.ResponseWriter) (done bool)
	calls  int
}

// New starts an empty store.
func New(t testing.TB) *Store {
	t.Helper()
	s := &Store{values: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Environment is what a function needs to be let in.
func (s *Store) Environment() map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL_SSM": s.URL, "AWS_REGION": Region,
		"AWS_ACCESS_KEY_ID": KeyID, "AWS_SECRET_ACCESS_KEY": KeySecret, "AWS_SESSION_TOKEN": KeyToken}
}

// Put stores a value; the name of a version ends with its number: "/a:3".
func (s *Store) Put(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
}

// Delete takes a parameter away.
func (s *Store) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, name)
}

// Before is asked at each call; when it says that it has answered, the store does not. Nil ends that.
func (s *Store) Before(f func(w http.ResponseWriter) (done bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// Calls is how often the store was asked.
func (s *Store) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Refuse answers every call so.
func Refuse(status int, body string) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // whoever went away needs no answer
		return true
	}
}

func (s *Store) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	before := s.before
	s.mu.Unlock()
	if before != nil && before(w) {
		return
	}
	body, err := io.ReadAll(r.Body)
	var asked struct {
		Names          []string
		WithDecryption bool
	}
	switch {
	case err != nil || json.Unmarshal(body, &asked) != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameters" || !asked.WithDecryption:
		Refuse(http.StatusBadRequest, `{"__type":"SerializationException"}`)(w)
	case len(asked.Names) == 0 || len(asked.Names) > 10:
		Refuse(http.StatusBadRequest, `{"__type":"ValidationException"}`)(w)
	case !signed(r, body):
		Refuse(http.StatusBadRequest, `{"__type":"InvalidSignatureException"}`)(w)
	default:
		s.answer(w, asked.Names)
	}
}

// signed signs the request again, by the SDK.
func signed(r *http.Request, body []byte) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		return false
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return false
	}
	again.ContentLength = -1 // the SDK signs a length where it knows one; the service does not ask for that
	for _, name := range []string{"Content-Type", "X-Amz-Target"} {
		again.Header.Set(name, r.Header.Get(name))
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: KeyID, SecretAccessKey: KeySecret, SessionToken: KeyToken},
		again, hex.EncodeToString(sum[:]), "ssm", Region, at)
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization") && r.Header.Get("X-Amz-Security-Token") == KeyToken
}

func (s *Store) answer(w http.ResponseWriter, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, missing := []map[string]any{}, []string{}
	for _, name := range names {
		value, ok := s.values[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		path, text, _ := strings.Cut(name, ":")
		version, err := strconv.Atoi(text)
		if err != nil {
			version = 1
		}
		found = append(found, map[string]any{"Name": path, "Type": "SecureString", "Value": value, "Version": version})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Parameters": found, "InvalidParameters": missing}) // as in Refuse
}
